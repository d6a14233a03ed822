package dev.pilotlight.simulator;

/** The requests in the batch, in the order in which they came in: a list that forgets from the middle at no cost. */
final class RunningList {
    private Sequence first;
    private Sequence last;
    private int size;

    void add(Sequence sequence) {
        sequence.previous = last;
        sequence.next = null;
        if (last == null) {
            first = sequence;
        } else {
            last.next = sequence;
        }
        last = sequence;
        size++;
    }

    void remove(Sequence sequence) {
        if (sequence.previous == null) {
            first = sequence.next;
        } else {
            sequence.previous.next = sequence.next;
        }
        if (sequence.next == null) {
            last = sequence.previous;
        } else {
            sequence.next.previous = sequence.previous;
        }
        sequence.previous = null;
        sequence.next = null;
        size--;
    }

    Sequence first() {
        return first;
    }

    Sequence last() {
        return last;
    }

    int size() {
        return size;
    }
}
