package dev.pilotlight.broken;

/** A name that says nothing, and a setter. */
public final class BlockManager {
    private int size;

    public void setSize(int size) {
        this.size = size;
    }

    public int size() {
        return size;
    }
}
