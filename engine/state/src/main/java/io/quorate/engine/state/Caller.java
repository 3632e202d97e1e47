package io.quorate.engine.state;

/**
 * On whose behalf something is done.
 *
 * @param user empty for nobody in particular
 * @param authRevision revision of the users and roles at which the user was recognised; when they
 *     have changed since, the caller must show his credentials again (SE-99); 0 for nobody
 */
public record Caller(String user, long authRevision) {
    /** Who has shown no credentials. While auth is off everybody may come like this (SE-107). */
    public static final Caller NOBODY = new Caller("", 0);
}
