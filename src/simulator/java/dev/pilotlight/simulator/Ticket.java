package dev.pilotlight.simulator;

import java.util.concurrent.TimeUnit;

/** What a client's handler holds of its request in the engine: waits for tokens and for the end. */
final class Ticket {
    /** How far the request is; {@code finish} is null while it goes on. */
    record Progress(int generated, Finish finish) {
        boolean ended() {
            return finish != null;
        }
    }

    final int rank;
    final Sequence sequence;
    private Progress progress = new Progress(0, null);

    Ticket(int rank, Sequence sequence) {
        this.rank = rank;
        this.sequence = sequence;
    }

    synchronized void tell(int generated, Finish finish) {
        if (!progress.ended() && (generated != progress.generated || finish != null)) {
            progress = new Progress(generated, finish);
            notifyAll();
        }
    }

    /** Waits until there are more than {@code seen} tokens or the request has ended. */
    synchronized Progress await(int seen) throws InterruptedException {
        while (progress.generated <= seen && !progress.ended()) {
            wait(TimeUnit.MINUTES.toMillis(10));
        }
        return progress;
    }

    synchronized Progress awaitEnd() throws InterruptedException {
        while (!progress.ended()) {
            wait(TimeUnit.MINUTES.toMillis(10));
        }
        return progress;
    }
}
