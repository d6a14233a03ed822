package dev.pilotlight.loop;

/** Where the loop puts its newest picture, and everybody else reads it. One writer. */
public final class Board {
    private volatile Picture picture;

    Board(Picture first) {
        this.picture = first;
    }

    public Picture picture() {
        return picture;
    }

    void put(Picture newest) {
        picture = newest;
    }
}
