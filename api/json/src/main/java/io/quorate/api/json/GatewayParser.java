package io.quorate.api.json;

import com.google.protobuf.ByteString;
import com.google.protobuf.Descriptors.Descriptor;
import com.google.protobuf.Descriptors.EnumValueDescriptor;
import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.Message;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.Base64;
import java.util.HashSet;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;

/** Reads one object of the gateway's JSON into a message, by protojson's rules and texts. */
final class GatewayParser {
    private static final BigInteger MAX_UINT64 =
            BigInteger.ONE.shiftLeft(64).subtract(BigInteger.ONE);
    private static final BigInteger MAX_UINT32 = BigInteger.valueOf(0xffff_ffffL);

    /** Digits of the widest integer, and some for an exponent form. */
    private static final int MAX_NUMBER_CHARS = 64;

    private final String text;
    private int at;

    GatewayParser(String text) {
        this.text = text;
    }

    void parse(Message.Builder into) throws JsonException {
        at = JsonScanner.skipSpace(text, 0);
        if (at == text.length()) {
            throw new JsonException("proto: syntax error (line 1:1): unexpected token ");
        }
        // First all of it as JSON: below every token is known to be well-formed,
        // and the nesting to be bounded.
        int end = JsonScanner.endOfValue(text, at);
        message(into);
        int rest = JsonScanner.skipSpace(text, end);
        if (rest < text.length()) {
            throw syntax(rest, text.substring(rest, rest + 1));
        }
    }

    private void message(Message.Builder into) throws JsonException {
        if (text.charAt(at) != '{') {
            throw syntax(at, rawValue());
        }
        Descriptor type = into.getDescriptorForType();
        Set<FieldDescriptor> seen = new HashSet<>();
        at++;
        space();
        while (text.charAt(at) != '}') {
            int nameAt = at;
            String name = string();
            space();
            at++;
            space();
            Optional<FieldDescriptor> field = field(type, name);
            if (field.isEmpty()) {
                at = JsonScanner.endOfValue(text, at);
            } else {
                if (!seen.add(field.get())) {
                    throw error(nameAt, "duplicate field " + text.substring(nameAt, end(nameAt)));
                }
                field(into, field.get(), nameAt);
            }
            space();
            if (text.charAt(at) == ',') {
                at++;
                space();
            }
        }
        at++;
    }

    private static Optional<FieldDescriptor> field(Descriptor type, String name) {
        FieldDescriptor field = type.findFieldByName(name);
        if (field != null) {
            return Optional.of(field);
        }
        for (FieldDescriptor candidate : type.getFields()) {
            if (candidate.getJsonName().equals(name)) {
                return Optional.of(candidate);
            }
        }
        return Optional.empty();
    }

    private void field(Message.Builder into, FieldDescriptor field, int nameAt)
            throws JsonException {
        if (text.startsWith("null", at)) {
            at += 4;
            return;
        }
        if (field.isRepeated()) {
            list(into, field);
            return;
        }
        if (field.getRealContainingOneof() != null
                && into.hasOneof(field.getRealContainingOneof())) {
            throw error(
                    nameAt,
                    "error parsing "
                            + text.substring(nameAt, end(nameAt))
                            + ", oneof "
                            + field.getRealContainingOneof().getFullName()
                            + " is already set");
        }
        if (field.getJavaType() == FieldDescriptor.JavaType.MESSAGE) {
            Message.Builder nested = into.newBuilderForField(field);
            message(nested);
            into.setField(field, nested.build());
        } else {
            Optional<Object> value = scalar(field);
            if (value.isPresent()) {
                into.setField(field, value.get());
            }
        }
    }

    private void list(Message.Builder into, FieldDescriptor field) throws JsonException {
        if (text.charAt(at) != '[') {
            throw syntax(at, rawValue());
        }
        at++;
        space();
        while (text.charAt(at) != ']') {
            if (field.getJavaType() == FieldDescriptor.JavaType.MESSAGE) {
                Message.Builder nested = into.newBuilderForField(field);
                message(nested);
                into.addRepeatedField(field, nested.build());
            } else {
                Optional<Object> value = scalar(field);
                if (value.isPresent()) {
                    into.addRepeatedField(field, value.get());
                }
            }
            space();
            if (text.charAt(at) == ',') {
                at++;
                space();
            }
        }
        at++;
    }

    /** Empty for the name of an enum value that is not known, which counts as an unknown field. */
    private Optional<Object> scalar(FieldDescriptor field) throws JsonException {
        int from = at;
        Optional<Object> value =
                switch (field.getType()) {
                    case INT64, SINT64, SFIXED64 ->
                            integer(
                                            BigInteger.valueOf(Long.MIN_VALUE),
                                            BigInteger.valueOf(Long.MAX_VALUE))
                                    .map(BigInteger::longValue);
                    case UINT64, FIXED64 ->
                            integer(BigInteger.ZERO, MAX_UINT64).map(BigInteger::longValue);
                    case INT32, SINT32, SFIXED32 ->
                            integer(
                                            BigInteger.valueOf(Integer.MIN_VALUE),
                                            BigInteger.valueOf(Integer.MAX_VALUE))
                                    .map(BigInteger::intValue);
                    case UINT32, FIXED32 ->
                            integer(BigInteger.ZERO, MAX_UINT32).map(BigInteger::intValue);
                    case BOOL -> bool();
                    case STRING -> isString() ? Optional.of(string()) : Optional.empty();
                    case BYTES -> bytes();
                    case ENUM -> {
                        if (isString()) {
                            EnumValueDescriptor named =
                                    field.getEnumType().findValueByName(string());
                            yield Optional.ofNullable(named);
                        }
                        yield integer(
                                        BigInteger.valueOf(Integer.MIN_VALUE),
                                        BigInteger.valueOf(Integer.MAX_VALUE))
                                .map(n ->
                                        field.getEnumType()
                                                .findValueByNumberCreatingIfUnknown(n.intValue()));
                    }
                    case DOUBLE, FLOAT, MESSAGE, GROUP ->
                            throw new IllegalArgumentException(field.getFullName());
                };
        boolean unknownName =
                field.getType() == FieldDescriptor.Type.ENUM && text.charAt(from) == '"';
        if (value.isEmpty() && !unknownName) {
            at = from;
            throw error(
                    from,
                    "invalid value for "
                            + field.getType().name().toLowerCase(Locale.ROOT)
                            + " field "
                            + field.getJsonName()
                            + ": "
                            + rawValue());
        }
        return value;
    }

    private Optional<Object> bool() {
        if (text.startsWith("true", at)) {
            at += 4;
            return Optional.of(true);
        }
        if (text.startsWith("false", at)) {
            at += 5;
            return Optional.of(false);
        }
        return Optional.empty();
    }

    /** A number without a fraction, or a string that holds one. */
    private Optional<BigInteger> integer(BigInteger min, BigInteger max) throws JsonException {
        String digits;
        if (isString()) {
            digits = string();
        } else {
            int end = JsonScanner.endOfValue(text, at);
            digits = text.substring(at, end);
            at = end;
        }
        if (digits.isEmpty()
                || digits.length() > MAX_NUMBER_CHARS
                || !digits.matches("-?(0|[1-9][0-9]*)(\\.[0-9]+)?([eE][+-]?[0-9]{1,3})?")) {
            return Optional.empty();
        }
        try {
            BigInteger number = new BigDecimal(digits).toBigIntegerExact();
            return number.compareTo(min) >= 0 && number.compareTo(max) <= 0
                    ? Optional.of(number)
                    : Optional.empty();
        } catch (ArithmeticException e) {
            return Optional.empty();
        }
    }

    private Optional<Object> bytes() throws JsonException {
        if (!isString()) {
            return Optional.empty();
        }
        String encoded = string();
        boolean url = encoded.indexOf('-') >= 0 || encoded.indexOf('_') >= 0;
        Base64.Decoder decoder = url ? Base64.getUrlDecoder() : Base64.getDecoder();
        try {
            return Optional.of(ByteString.copyFrom(decoder.decode(encoded)));
        } catch (IllegalArgumentException e) {
            return Optional.empty();
        }
    }

    private boolean isString() {
        return text.charAt(at) == '"';
    }

    /** Decodes the string at the position. */
    private String string() throws JsonException {
        int end = JsonScanner.endOfValue(text, at);
        String raw = text.substring(at + 1, end - 1);
        at = end;
        return raw.indexOf('\\') < 0 ? raw : unescape(raw);
    }

    private static String unescape(String raw) {
        StringBuilder out = new StringBuilder(raw.length());
        for (int i = 0; i < raw.length(); i++) {
            char c = raw.charAt(i);
            if (c != '\\') {
                out.append(c);
                continue;
            }
            c = raw.charAt(++i);
            switch (c) {
                case 'n' -> out.append('\n');
                case 'r' -> out.append('\r');
                case 't' -> out.append('\t');
                case 'b' -> out.append('\b');
                case 'f' -> out.append('\f');
                case 'u' -> {
                    out.append((char) Integer.parseInt(raw.substring(i + 1, i + 5), 16));
                    i += 4;
                }
                default -> out.append(c);
            }
        }
        return out.toString();
    }

    private void space() {
        at = JsonScanner.skipSpace(text, at);
    }

    private int end(int from) throws JsonException {
        return JsonScanner.endOfValue(text, from);
    }

    /** The value at the position as protojson names a token: a bracket stands for all of it. */
    private String rawValue() throws JsonException {
        char c = text.charAt(at);
        return c == '{' || c == '[' ? String.valueOf(c) : text.substring(at, end(at));
    }

    private JsonException syntax(int where, String token) {
        return new JsonException(
                "proto: syntax error " + position(where) + ": unexpected token " + token);
    }

    private JsonException error(int where, String what) {
        return new JsonException("proto: " + position(where) + ": " + what);
    }

    private String position(int where) {
        int line = 1;
        int start = 0;
        for (int i = 0; i < where; i++) {
            if (text.charAt(i) == '\n') {
                line++;
                start = i + 1;
            }
        }
        return "(line " + line + ":" + (where - start + 1) + ")";
    }
}
