package io.quorate.engine.state;

/**
 * A member's alarm (MA-04). An alarm of any member holds for the whole cluster.
 *
 * @param memberId unsigned; 0 when the guilty member is not known
 * @param type {@link #NOSPACE}, {@link #CORRUPT}, or a number that a newer release may know
 */
public record Alarm(long memberId, int type) {
    /** As a question, all types; as an alarm, none. */
    public static final int NONE = 0;

    /** The state is larger than the quota: nothing that adds to it is applied (SE-48). */
    public static final int NOSPACE = 1;

    /** Members differ: nothing is applied any more but alarms (SE-50). */
    public static final int CORRUPT = 2;

    /** The type as etcd prints it: its name, or its number when it has none. */
    public String typeName() {
        return switch (type) {
            case NONE -> "NONE";
            case NOSPACE -> "NOSPACE";
            case CORRUPT -> "CORRUPT";
            default -> Integer.toString(type);
        };
    }

    /** MA-08: as Status tells it. */
    public String text() {
        return "memberID:" + Long.toUnsignedString(memberId) + " alarm:" + typeName();
    }
}
