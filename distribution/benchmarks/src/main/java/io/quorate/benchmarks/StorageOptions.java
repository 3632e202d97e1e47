package io.quorate.benchmarks;

import java.nio.file.Path;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * What a measurement of storage is about.
 *
 * @param backend name of the storage plugin, for the stores alone
 * @param server the server, for a whole member
 * @param settings of the plugin
 * @param batch rows that one commit puts
 * @param clients calls under way at any time
 * @param directory where data directories are made
 */
record StorageOptions(
        String backend,
        Optional<Options.Server> server,
        Map<String, String> settings,
        int keys,
        int valueBytes,
        int batch,
        int clients,
        int rounds,
        Path directory,
        Optional<Path> json) {
    static StorageOptions parse(List<String> args) {
        String backend = "file";
        Optional<Options.Server> server = Optional.empty();
        Map<String, String> settings = new TreeMap<>();
        int keys = 1_000_000;
        int valueBytes = 300;
        int batch = 1_000;
        int clients = 256;
        int rounds = 25;
        Path directory = Path.of(System.getProperty("java.io.tmpdir"));
        Optional<Path> json = Optional.empty();
        Iterator<String> rest = args.iterator();
        while (rest.hasNext()) {
            String option = rest.next();
            if (!rest.hasNext()) throw new IllegalArgumentException(option + " needs a value");
            String value = rest.next();
            switch (option) {
                case "--backend" -> backend = value;
                case "--server" -> server = Optional.of(Options.server(value));
                case "--setting" ->
                        settings.put(before(value), value.substring(before(value).length() + 1));
                case "--keys" -> keys = Options.positive(option, value);
                case "--value-bytes" -> valueBytes = Options.positive(option, value);
                case "--batch" -> batch = Options.positive(option, value);
                case "--clients" -> clients = Options.positive(option, value);
                case "--rounds" -> rounds = Options.positive(option, value);
                case "--dir" -> directory = Path.of(value);
                case "--json" -> json = Optional.of(Path.of(value));
                default -> throw new IllegalArgumentException("no option " + option);
            }
        }
        return new StorageOptions(
                backend,
                server,
                Map.copyOf(settings),
                keys,
                valueBytes,
                batch,
                clients,
                rounds,
                directory,
                json);
    }

    private static String before(String setting) {
        int equals = setting.indexOf('=');
        if (equals < 1) throw new IllegalArgumentException("--setting needs KEY=VALUE");
        return setting.substring(0, equals);
    }
}
