package io.quorate.cli;

/**
 * Where etcd's tools differ from each other.
 *
 * @param describes whether the help of a command begins with what it does
 * @param repeats whether a mistake in the command line is told once more after the usage
 * @param showsHelpFlag whether the tool's own help lists its help flag
 */
public record Manners(boolean describes, boolean repeats, boolean showsHelpFlag) {
    /** etcdctl's. */
    public static final Manners ETCDCTL = new Manners(true, false, false);

    /** etcdutl's. */
    public static final Manners ETCDUTL = new Manners(false, true, true);
}
