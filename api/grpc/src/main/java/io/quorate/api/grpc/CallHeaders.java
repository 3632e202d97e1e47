package io.quorate.api.grpc;

import io.grpc.Metadata;
import io.grpc.Status;

import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.OptionalLong;
import java.util.concurrent.ConcurrentHashMap;

/** Between gRPC's metadata and HTTP/2's header fields ("gRPC over HTTP2", the protocol's page). */
final class CallHeaders {
    static final String STATUS = "grpc-status";
    static final String MESSAGE = "grpc-message";
    static final String ENCODING = "grpc-encoding";
    static final String ACCEPT_ENCODING = "grpc-accept-encoding";

    private static final byte[] RESPONSE =
            new HeaderBlock().status(200).add("content-type", "application/grpc").build();
    private static final byte[] STATUS_OK = new HeaderBlock().add("grpc-status", "0").build();

    /** Clients choose header names, so this stops growing. */
    private static final int CACHED_KEYS = 512;

    private static final ConcurrentHashMap<String, Metadata.Key<String>> KEYS =
            new ConcurrentHashMap<>();

    private CallHeaders() {}

    /**
     * The metadata a handler or a client sees: all but the pseudo headers, the status, {@code
     * content-type} and {@code te}.
     *
     * @throws IllegalArgumentException for a name or a base64 value that is none
     */
    static Metadata metadata(ReceivedHeaders headers) {
        Metadata metadata = new Metadata();
        for (int i = 0; i < headers.size(); i++) {
            String name = headers.name(i);
            if (name.equals("content-type")
                    || name.equals("te")
                    || name.equals(STATUS)
                    || name.equals(MESSAGE)) {
                continue;
            }
            if (name.endsWith(Metadata.BINARY_HEADER_SUFFIX)) {
                var key = Metadata.Key.of(name, Metadata.BINARY_BYTE_MARSHALLER);
                // Several values may share a header, separated by commas.
                for (String value : headers.value(i).split(",", -1)) {
                    metadata.put(key, Base64.getDecoder().decode(value.strip()));
                }
            } else {
                metadata.put(key(name), headers.value(i));
            }
        }
        return metadata;
    }

    private static Metadata.Key<String> key(String name) {
        Metadata.Key<String> key = KEYS.get(name);
        if (key == null) {
            key = Metadata.Key.of(name, Metadata.ASCII_STRING_MARSHALLER);
            if (KEYS.size() < CACHED_KEYS) {
                KEYS.put(name, key);
            }
        }
        return key;
    }

    /** Response headers without metadata or compression; shared, not to be changed. */
    static byte[] plainResponse() {
        return RESPONSE;
    }

    /**
     * @param encoding the message encoding, or "identity"
     */
    static byte[] response(Metadata metadata, String encoding) {
        if (metadata.keys().isEmpty() && encoding.equals("identity")) {
            return RESPONSE;
        }
        HeaderBlock block = new HeaderBlock().add(RESPONSE);
        if (!encoding.equals("identity")) {
            block.add(ENCODING, encoding);
        }
        addMetadata(block, metadata);
        return block.build();
    }

    /**
     * @param responseSent false makes a "trailers-only" answer, with the response headers in it
     */
    static byte[] trailers(Status status, Metadata metadata, boolean responseSent) {
        if (responseSent && status.isOk() && metadata.keys().isEmpty()) {
            return STATUS_OK;
        }
        HeaderBlock block = new HeaderBlock();
        if (!responseSent) {
            block.add(RESPONSE);
        }
        block.add("grpc-status", Integer.toString(status.getCode().value()));
        if (status.getDescription() != null) {
            block.add("grpc-message", percentEncode(status.getDescription()));
        }
        addMetadata(block, metadata);
        return block.build();
    }

    /**
     * An answer for a request that is not gRPC: plain HTTP status, and gRPC's for clients that
     * look.
     */
    static byte[] httpError(int httpStatus, Status status) {
        return new HeaderBlock()
                .status(httpStatus)
                .add("content-type", "text/plain; charset=utf-8")
                .add("grpc-status", Integer.toString(status.getCode().value()))
                .add("grpc-message", percentEncode(status.getDescription()))
                .build();
    }

    private static void addMetadata(HeaderBlock block, Metadata metadata) {
        for (String name : metadata.keys()) {
            if (name.equals("content-type")
                    || name.equals("te")
                    || name.startsWith("grpc-status")) {
                continue;
            }
            if (name.endsWith(Metadata.BINARY_HEADER_SUFFIX)) {
                var key = Metadata.Key.of(name, Metadata.BINARY_BYTE_MARSHALLER);
                for (byte[] value : metadata.getAll(key)) {
                    block.add(name, Base64.getEncoder().withoutPadding().encodeToString(value));
                }
            } else {
                for (String value : metadata.getAll(key(name))) {
                    block.add(name, value);
                }
            }
        }
    }

    /** UTF-8 bytes outside of printable ASCII, and '%', as %XX. */
    static String percentEncode(String message) {
        byte[] bytes = message.getBytes(StandardCharsets.UTF_8);
        StringBuilder out = new StringBuilder(bytes.length + 16);
        for (byte b : bytes) {
            if (b >= ' ' && b < 0x7f && b != '%') {
                out.append((char) b);
            } else {
                out.append('%')
                        .append(Character.toUpperCase(Character.forDigit(b >> 4 & 15, 16)))
                        .append(Character.toUpperCase(Character.forDigit(b & 15, 16)));
            }
        }
        return out.toString();
    }

    /** The reverse of {@link #percentEncode}; what is malformed stays as it is. */
    static String percentDecode(String text) {
        if (text.indexOf('%') < 0) {
            return text;
        }
        byte[] in = text.getBytes(StandardCharsets.ISO_8859_1);
        byte[] out = new byte[in.length];
        int n = 0;
        for (int i = 0; i < in.length; i++) {
            int high = i + 2 < in.length && in[i] == '%' ? Character.digit(in[i + 1], 16) : -1;
            int low = high < 0 ? -1 : Character.digit(in[i + 2], 16);
            if (low < 0) {
                out[n++] = in[i];
            } else {
                out[n++] = (byte) (high << 4 | low);
                i += 2;
            }
        }
        return new String(out, 0, n, StandardCharsets.UTF_8);
    }

    /**
     * The head of a request.
     *
     * @param timeoutNanos what is left of the deadline; empty for none
     * @param encoding of the messages, or "identity"
     */
    static byte[] request(
            boolean tls,
            String authority,
            String method,
            String userAgent,
            OptionalLong timeoutNanos,
            String encoding,
            Metadata metadata) {
        HeaderBlock block =
                new HeaderBlock()
                        .post(tls, authority, "/" + method)
                        .add("content-type", "application/grpc")
                        .add("te", "trailers")
                        .add("user-agent", userAgent);
        if (timeoutNanos.isPresent()) {
            block.add("grpc-timeout", timeout(timeoutNanos.getAsLong()));
        }
        if (!encoding.equals("identity")) {
            block.add(ENCODING, encoding);
        }
        addMetadata(block, metadata);
        return block.build();
    }

    /** In the finest unit that fits eight digits, never less than 1 ns. */
    static String timeout(long nanos) {
        long amount = Math.max(1, nanos);
        String units = "numSMH";
        long[] steps = {1_000, 1_000, 1_000, 60, 60};
        int unit = 0;
        while (amount > 99_999_999L && unit < steps.length) {
            amount = Math.ceilDiv(amount, steps[unit++]);
        }
        return Long.toString(amount) + units.charAt(unit);
    }

    /** The status of a response or of trailers (the gRPC protocol, "Responses"). */
    static Status status(ReceivedHeaders headers) {
        String code = headers.first(STATUS);
        if (code.isEmpty()) {
            return Status.UNKNOWN.withDescription("the server sent no grpc-status");
        }
        Status status;
        try {
            status = Status.fromCodeValue(Integer.parseInt(code));
        } catch (NumberFormatException e) {
            return Status.UNKNOWN.withDescription("malformed grpc-status: " + code);
        }
        String message = headers.first(MESSAGE);
        return message.isEmpty() ? status : status.withDescription(percentDecode(message));
    }

    /** For an answer of something that is no gRPC server ("HTTP to gRPC Status Code Mapping"). */
    static Status httpStatus(String code, String contentType) {
        Status status =
                switch (code) {
                    case "400" -> Status.INTERNAL;
                    case "401" -> Status.UNAUTHENTICATED;
                    case "403" -> Status.PERMISSION_DENIED;
                    case "404" -> Status.UNIMPLEMENTED;
                    case "429", "502", "503", "504" -> Status.UNAVAILABLE;
                    default -> Status.UNKNOWN;
                };
        return status.withDescription(
                "unexpected HTTP status " + code + ", content-type \"" + contentType + '"');
    }

    /**
     * Nanoseconds of a {@code grpc-timeout}; empty for none.
     *
     * @throws IllegalArgumentException when it is not 1 to 8 digits and a unit
     */
    static OptionalLong timeoutNanos(String value) {
        if (value.isEmpty()) {
            return OptionalLong.empty();
        }
        int digits = value.length() - 1;
        long amount = 0;
        for (int i = 0; i < digits; i++) {
            int digit = value.charAt(i) - '0';
            if (digit < 0 || digit > 9) {
                throw malformedTimeout(value);
            }
            amount = amount * 10 + digit;
        }
        if (digits < 1 || digits > 8) {
            throw malformedTimeout(value);
        }
        long unit =
                switch (value.charAt(digits)) {
                    case 'H' -> 3_600_000_000_000L;
                    case 'M' -> 60_000_000_000L;
                    case 'S' -> 1_000_000_000L;
                    case 'm' -> 1_000_000L;
                    case 'u' -> 1_000L;
                    case 'n' -> 1L;
                    default -> throw malformedTimeout(value);
                };
        // 99999999 hours do not fit; 292 years are as good as for ever.
        return OptionalLong.of(amount > Long.MAX_VALUE / unit ? Long.MAX_VALUE : amount * unit);
    }

    private static IllegalArgumentException malformedTimeout(String value) {
        return new IllegalArgumentException(
                "malformed grpc-timeout: " + value.substring(0, Math.min(value.length(), 64)));
    }
}
