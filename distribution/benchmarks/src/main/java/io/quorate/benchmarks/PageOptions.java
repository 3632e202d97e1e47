package io.quorate.benchmarks;

import java.nio.file.Path;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;

/**
 * What to make of results.
 *
 * @param from the folder of results
 * @param into a page with places for tables
 */
record PageOptions(Path from, Optional<Path> into) {
    static PageOptions parse(List<String> args, Path home) {
        Path from = home.resolve("../../docs/performance").normalize();
        Optional<Path> into = Optional.empty();
        Iterator<String> rest = args.listIterator(1);
        while (rest.hasNext()) {
            String option = rest.next();
            if (!rest.hasNext()) throw new IllegalArgumentException(option + " needs a value");
            String value = rest.next();
            switch (option) {
                case "--from" -> from = Path.of(value);
                case "--into" -> into = Optional.of(Path.of(value));
                default -> throw new IllegalArgumentException("no option " + option);
            }
        }
        return new PageOptions(from, into);
    }
}
