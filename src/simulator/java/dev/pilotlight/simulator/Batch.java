package dev.pilotlight.simulator;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.PriorityQueue;

/**
 * The scheduler and the clock of one engine (one data-parallel rank): continuous batching as vLLM does it, in simulated time.
 *
 * <p>Each step decodes one token for every request in the batch, computes prompt tokens with what is left of the token budget, and admits
 * the queue in order of arrival while there are places and KV blocks; if blocks run out, the youngest request is preempted and computed
 * again later. Times are nanoseconds of any clock that starts near 0. No thread, no clock, no chance: the same calls give the same result,
 * however the time between them is cut. Not for use by two threads at once.
 */
public final class Batch {
    /** Which requests the scheduler lets go on. */
    public enum Gate {
        OPEN,
        /** Those in flight go on, new ones are kept at the door, uncounted. */
        HOLD_NEW,
        /** Nothing goes on. */
        FROZEN
    }

    private static final long NEVER = Long.MAX_VALUE;

    private final Profile profile;
    private final StepCost cost;
    private final KvCache kv;
    private final RunningList running = new RunningList();
    private final ArrayDeque<Sequence> arrived = new ArrayDeque<>();
    private final ArrayDeque<Sequence> waiting = new ArrayDeque<>();
    private final List<Sequence> prefilling = new ArrayList<>();
    private final List<Integer> chunks = new ArrayList<>();
    private final List<Sequence> aborting = new ArrayList<>();
    private final PriorityQueue<Sequence> byFinish = new PriorityQueue<>(Comparator.comparingLong(s -> s.finishStep));
    private final int[] coldSeen;
    private List<Served> served = new ArrayList<>();
    private Tallies tallies;
    private Gauges gauges = Gauges.IDLE;
    private Gate gate = Gate.OPEN;
    private boolean hung;
    private long clockPicos;
    private long stepEnd = NEVER;
    private long lastEnd;
    private long steps;
    private int decoding;
    private long contextTokens;

    public Batch(Profile profile) {
        this.profile = profile;
        this.cost = new StepCost(profile);
        this.kv = new KvCache(profile);
        this.coldSeen = new int[profile.coldKernels().classes()];
        this.tallies = new Tallies(profile.maxModelLen());
    }

    /** A request arrives. */
    public Sequence submit(Request request, long nowNanos) {
        return submit(request, nowNanos, nowNanos);
    }

    /** A request arrives that its client has been waiting for since {@code sinceNanos}: it stood before a door elsewhere. */
    public Sequence submit(Request request, long sinceNanos, long nowNanos) {
        if (request.promptTokens() + request.outputTokens() > profile.maxModelLen()) {
            throw new IllegalArgumentException("%s is longer than the context of %s, %d tokens"
                    .formatted(request, profile.name(), profile.maxModelLen()));
        }
        run(nowNanos);
        Sequence sequence = new Sequence(request, Math.min(clockPicos, sinceNanos * StepCost.PICOS_PER_NANO));
        arrived.add(sequence);
        wake();
        return sequence;
    }

    /** The client of a request has gone; the engine drops it when its step ends. */
    public void abort(Sequence sequence, long nowNanos) {
        run(nowNanos);
        if (sequence.stage != Sequence.Stage.ENDED && !sequence.abortAsked) {
            sequence.abortAsked = true;
            aborting.add(sequence);
            if (stepEnd == NEVER && !hung) {
                dropAborted(clockPicos);
            }
        }
    }

    /** Ends whatever is in flight with {@code abort}, and counts it so. */
    public void abortAll(long nowNanos) {
        run(nowNanos);
        if (stepEnd != NEVER) {
            kv.give(kv.neededIn(steps + 1)); // taken for the step that is cut short here
            stepEnd = NEVER;
        }
        aborting.clear();
        while (running.first() != null) {
            end(running.first(), Finish.ABORT, clockPicos, true);
        }
        prefilling.clear();
        waiting.addAll(arrived);
        arrived.clear();
        while (!waiting.isEmpty()) {
            end(waiting.poll(), Finish.ABORT, clockPicos, true);
        }
        publish(clockPicos);
    }

    /** Lets time pass and returns the requests that ended, in order. */
    public List<Served> advanceTo(long nowNanos) {
        run(nowNanos);
        if (served.isEmpty()) {
            return List.of();
        }
        List<Served> result = served;
        served = new ArrayList<>();
        return result;
    }

    /** Lets time pass; what ended is told by the next {@link #advanceTo}. */
    public void letPass(long nowNanos) {
        run(nowNanos);
    }

    /** When something will happen if nothing arrives; the greatest long if never. */
    public long nextEventNanos() {
        return hung || stepEnd == NEVER ? NEVER : (stepEnd + StepCost.PICOS_PER_NANO - 1) / StepCost.PICOS_PER_NANO;
    }

    public void setGate(Gate wanted, long nowNanos) {
        run(nowNanos);
        gate = wanted;
        wake();
    }

    /** The engine core stops dead; what is asked of it from now on stays unseen. */
    public void hang(long nowNanos) {
        run(nowNanos);
        hung = true;
    }

    /** The engine core goes on after a {@link #hang}; the step that was under way ends now. */
    public void unhang(long nowNanos) {
        run(nowNanos);
        hung = false;
        if (stepEnd != NEVER) {
            stepEnd = Math.max(stepEnd, clockPicos);
        } else {
            dropAborted(clockPicos);
            wake();
        }
    }

    public boolean isHung() {
        return hung;
    }

    /** What the engine core said at the end of its last step. */
    public Gauges gauges() {
        return gauges;
    }

    /** Whether the engine core has ever said anything. */
    boolean hasSpoken() {
        return gauges != Gauges.IDLE;
    }

    public Tallies tallies() {
        return tallies;
    }

    /** Starts counting again, as a new process would. */
    public void resetTallies() {
        tallies = new Tallies(profile.maxModelLen());
    }

    public Profile profile() {
        return profile;
    }

    /** Requests in the batch at this moment, published or not. */
    public int running() {
        return running.size();
    }

    /** Requests in the queue at this moment, published or not. */
    public int waiting() {
        return waiting.size() + arrived.size();
    }

    /** Whether nothing is in flight, leaving aside what the gate keeps at the door. */
    boolean isDrained() {
        return running.size() == 0 && waiting.isEmpty() && (gate == Gate.HOLD_NEW || arrived.isEmpty());
    }

    /** Tokens that a request has got so far. */
    public int generated(Sequence sequence) {
        return sequence.generated(steps);
    }

    /** Blocks of the KV cache in use. */
    public int kvBlocksUsed() {
        return kv.used();
    }

    public int kvBlocks() {
        return kv.usable();
    }

    private void run(long nowNanos) {
        long until = nowNanos * StepCost.PICOS_PER_NANO;
        while (!hung && stepEnd <= until) {
            endStep();
            while (leap(until)) {}
            plan(lastEnd);
        }
        clockPicos = Math.max(clockPicos, until);
    }

    private void wake() {
        if (!hung && stepEnd == NEVER) {
            plan(clockPicos);
        }
    }

    /** Fixes what the step from {@code start} does and when it ends. */
    private void plan(long start) {
        stepEnd = NEVER;
        chunks.clear();
        if (gate == Gate.OPEN) {
            waiting.addAll(arrived);
            arrived.clear();
        }
        if (gate == Gate.FROZEN) {
            return;
        }
        boolean preempted = false;
        while (!kv.fits(kv.neededIn(steps + 1))) {
            preempt(running.last());
            preempted = true;
        }
        kv.growFor(steps, 1, decoding);
        int budget = profile.maxBatchedTokens() - decoding;
        for (Sequence sequence : prefilling) {
            budget -= chunk(sequence, budget);
        }
        if (!preempted) {
            while (budget > 0 && canAdmit()) {
                budget -= admit(waiting.poll(), start, budget);
            }
        }
        int promptTokens = profile.maxBatchedTokens() - decoding - budget;
        if (decoding > 0 || promptTokens > 0) {
            stepEnd = start + cost.of(decoding, contextTokens, promptTokens) + coldKernels();
        }
    }

    private int chunk(Sequence sequence, int budget) {
        int chunk = Math.min(sequence.prefillTokens - sequence.prefilled, budget);
        chunks.add(chunk);
        return chunk;
    }

    private boolean canAdmit() {
        return !waiting.isEmpty()
                && running.size() < profile.maxNumSeqs()
                && kv.fits(KvCache.blocksFor(waiting.peek().prefillTokens));
    }

    private int admit(Sequence sequence, long start, int budget) {
        if (sequence.scheduledPicos < 0) {
            sequence.scheduledPicos = start;
            if (profile.prefixCaching()) {
                sequence.cachedTokens = kv.cached(sequence.request);
                tallies.prefixHits += sequence.cachedTokens;
            }
            tallies.prefixQueries += sequence.request.promptTokens();
        }
        sequence.prefilled = sequence.cachedTokens;
        sequence.stage = Sequence.Stage.PREFILLING;
        kv.take(KvCache.blocksFor(sequence.prefillTokens));
        running.add(sequence);
        prefilling.add(sequence);
        return chunk(sequence, budget);
    }

    /** The first prefills of each class of lengths in this step wait for kernels; those of one class wait together. */
    private long coldKernels() {
        long picos = 0;
        int paid = 0;
        for (Sequence sequence : prefilling) {
            int kind = profile.coldKernels().classOf(sequence.request.promptTokens());
            if (sequence.prefilled == sequence.cachedTokens && sequence.preemptions == 0 && (paid & 1 << kind) == 0) {
                paid |= 1 << kind;
                picos += StepCost.picos(profile.coldKernels().extraSeconds(coldSeen[kind]++));
            }
        }
        return picos;
    }

    private void preempt(Sequence sequence) {
        if (sequence.stage == Sequence.Stage.DECODING) {
            sequence.lastTokenPicos = lastEnd;
        }
        int generated = sequence.generated(steps);
        leave(sequence);
        sequence.generatedAtJoin = generated;
        sequence.prefillTokens = sequence.request.promptTokens() + generated;
        sequence.stage = Sequence.Stage.WAITING;
        sequence.preemptions++;
        tallies.preemptions++;
        waiting.addFirst(sequence);
    }

    private void endStep() {
        long end = stepEnd;
        steps++;
        contextTokens += decoding;
        int tokens = decoding;
        tallies.generationTokens += decoding;
        if (decoding > 0) {
            double seconds = StepCost.seconds(end - lastEnd);
            tallies.interTokenLatency.observe(seconds, decoding, seconds * decoding);
        }
        endDue(end);
        for (int i = 0, kept = 0; i < chunks.size(); i++) {
            Sequence sequence = prefilling.get(kept);
            sequence.prefilled += chunks.get(i);
            if (sequence.prefilled < sequence.prefillTokens) {
                kept++;
                continue;
            }
            prefilling.remove(kept);
            tokens += join(sequence, end);
        }
        tallies.iterationTokens.observe(tokens);
        dropAborted(end);
        publish(end);
    }

    /** The prefill is done and gives a token; returns the tokens to count for this step. */
    private int join(Sequence sequence, long end) {
        int counted = 0;
        Request request = sequence.request;
        boolean generates = request.outputTokens() > 0;
        if (sequence.firstTokenPicos < 0) {
            sequence.firstTokenPicos = end;
            tallies.promptTokens += request.promptTokens();
            tallies.cachedPromptTokens += sequence.cachedTokens;
            counted += request.promptTokens();
            kv.remember(request);
            if (generates) {
                tallies.timeToFirstToken.observe(StepCost.seconds(end - sequence.arrivedPicos));
            }
        } else {
            tallies.interTokenLatency.observe(StepCost.seconds(end - sequence.lastTokenPicos));
        }
        if (generates) {
            sequence.generatedAtJoin++;
            tallies.generationTokens++;
            counted++;
        }
        if (sequence.generatedAtJoin == request.outputTokens()) {
            end(sequence, request.finish(), end, true);
            return counted;
        }
        sequence.stage = Sequence.Stage.DECODING;
        sequence.joinedStep = steps;
        sequence.finishStep = steps + request.outputTokens() - sequence.generatedAtJoin;
        byFinish.add(sequence);
        kv.grow(sequence.prefillTokens, steps, 1);
        decoding++;
        contextTokens += sequence.prefillTokens;
        return counted;
    }

    /** While nobody comes and nobody can be let in, takes all steps up to the next end, shortage or {@code until} in one. */
    private boolean leap(long until) {
        boolean news = !prefilling.isEmpty() || gate == Gate.FROZEN || gate == Gate.OPEN && !arrived.isEmpty();
        if (decoding == 0 || news || canAdmit()) {
            return false;
        }
        long first = cost.of(decoding, contextTokens, 0);
        long growth = cost.growth(decoding);
        int most = kv.stepsThatFit(steps, (int) (byFinish.peek().finishStep - steps), decoding);
        int count = StepCost.stepsWithin(until - lastEnd, first, growth, most);
        if (count == 0) {
            return false;
        }
        kv.growFor(steps, count, decoding);
        observeLatencies(first, growth, count);
        tallies.iterationTokens.observe(decoding, count, (double) decoding * count);
        tallies.generationTokens += (long) decoding * count;
        contextTokens += (long) decoding * count;
        steps += count;
        long end = lastEnd + StepCost.total(first, growth, count);
        endDue(end);
        publish(end);
        return true;
    }

    private void observeLatencies(long first, long growth, int count) {
        Histogram latencies = tallies.interTokenLatency;
        for (int done = 0; done < count; ) {
            double shortest = StepCost.seconds(first + done * growth);
            double bound = latencies.bound(latencies.bucketOf(shortest));
            int alike = count - done;
            if (StepCost.seconds(first + (count - 1) * growth) > bound) {
                alike = Math.max(1, (int) Math.min(alike, (StepCost.picos(bound) - first) / growth - done + 1));
            }
            double seconds = StepCost.seconds(StepCost.total(first + done * growth, growth, alike));
            latencies.observe(shortest, (long) alike * decoding, seconds * decoding);
            done += alike;
        }
    }

    private void endDue(long end) {
        while (!byFinish.isEmpty() && byFinish.peek().finishStep == steps) {
            Sequence sequence = byFinish.peek();
            end(sequence, sequence.request.finish(), end, true);
        }
    }

    private void dropAborted(long end) {
        for (Sequence sequence : aborting) {
            if (sequence.stage == Sequence.Stage.WAITING) {
                waiting.remove(sequence);
                arrived.remove(sequence);
            }
            if (sequence.stage != Sequence.Stage.ENDED) {
                end(sequence, Finish.ABORT, end, false);
            }
        }
        aborting.clear();
    }

    private void end(Sequence sequence, Finish finish, long end, boolean counted) {
        int generated = sequence.generated(steps);
        if (sequence.stage != Sequence.Stage.WAITING) {
            leave(sequence);
        }
        sequence.stage = Sequence.Stage.ENDED;
        sequence.finish = finish;
        sequence.generatedAtJoin = generated;
        long scheduled = sequence.scheduledPicos < 0 ? end : sequence.scheduledPicos;
        long first = sequence.firstTokenPicos < 0 ? end : sequence.firstTokenPicos;
        Served result = new Served(
                sequence.request,
                finish,
                generated,
                sequence.preemptions,
                sequence.arrivedPicos / StepCost.PICOS_PER_NANO,
                scheduled / StepCost.PICOS_PER_NANO,
                first / StepCost.PICOS_PER_NANO,
                end / StepCost.PICOS_PER_NANO);
        if (counted) {
            tallies.end(result, sequence.cachedTokens);
        }
        served.add(result);
    }

    /** Takes a request out of the batch and gives its blocks back. */
    private void leave(Sequence sequence) {
        running.remove(sequence);
        kv.give(KvCache.blocksFor(sequence.held(steps)));
        if (sequence.stage == Sequence.Stage.DECODING) {
            byFinish.remove(sequence);
            kv.grow(sequence.held(steps), steps, -1);
            decoding--;
            contextTokens -= sequence.held(steps);
        } else {
            prefilling.remove(sequence);
        }
    }

    private void publish(long end) {
        lastEnd = end;
        gauges = new Gauges(running.size(), waiting.size(), kv.usage());
    }
}
