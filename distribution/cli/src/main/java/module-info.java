/**
 * How etcd's command line tools behave, for ours: a tree of commands, flags with Go's habits, help
 * and completion, tables, and values in Go's text forms.
 */
module io.quorate.cli {
    exports io.quorate.cli;
}
