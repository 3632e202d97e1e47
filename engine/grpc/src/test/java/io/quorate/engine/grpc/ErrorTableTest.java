package io.quorate.engine.grpc;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.grpc.Status;
import io.quorate.engine.state.EtcdError;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvFileSource;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Set;
import java.util.concurrent.CompletionException;
import java.util.stream.Collectors;

/** Clients look errors up by code and text; {@code errors.tsv} has both as etcd 3.7 sends them. */
final class ErrorTableTest {
    private static final String TABLE = "/io/quorate/engine/grpc/errors.tsv";

    @ParameterizedTest(name = "{0} {1}")
    @CsvFileSource(resources = TABLE, delimiter = '\t')
    void anErrorHasItsCodeAndItsText(String row, EtcdError error, Status.Code code, String text) {
        Status status = Failures.status(new CompletionException(error.exception()));
        assertEquals(text, status.getDescription(), row);
        assertEquals(code, status.getCode(), row);
        assertEquals(text, error.exception().getMessage(), row);
    }

    @Test
    void everyErrorIsInTheTable() throws IOException {
        String table;
        try (InputStream file = ErrorTableTest.class.getResourceAsStream(TABLE)) {
            table = new String(file.readAllBytes(), StandardCharsets.UTF_8);
        }
        Set<String> listed =
                table.lines()
                        .filter(line -> !line.startsWith("#"))
                        .map(line -> line.split("\t")[1])
                        .collect(Collectors.toSet());
        Set<String> known =
                Arrays.stream(EtcdError.values()).map(Enum::name).collect(Collectors.toSet());
        assertEquals(known, listed);
    }
}
