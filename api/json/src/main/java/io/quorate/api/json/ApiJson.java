package io.quorate.api.json;

import com.google.protobuf.ByteString;
import com.google.protobuf.Descriptors.Descriptor;
import com.google.protobuf.Descriptors.EnumValueDescriptor;
import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.Descriptors.OneofDescriptor;
import com.google.protobuf.Message;

import java.util.List;

/**
 * API messages as JSON, in the two shapes etcd knows. In both fields are named as in the {@code
 * .proto} files ({@code range_end}, {@code TTL}, {@code peerURLs}) and stand in their order, bytes
 * are standard base64, and fields with their default are left out.
 *
 * <table>
 *   <caption>What differs</caption>
 *   <tr><th></th><th>{@link #go}: {@code etcdctl -w json} (CT-08)</th>
 *       <th>{@link #gateway}: {@code /v3} (GW-04)</th></tr>
 *   <tr><td>64-bit integers</td><td>numbers</td><td>decimal strings</td></tr>
 *   <tr><td>enums</td><td>numbers</td><td>names</td></tr>
 *   <tr><td>one-of</td><td>an object named after it</td><td>the field itself</td></tr>
 *   <tr><td>in strings {@code < > &}</td><td>escaped</td><td>as they are</td></tr>
 * </table>
 */
public final class ApiJson {
    private enum Shape {
        GO,
        GATEWAY
    }

    private ApiJson() {}

    /** The shape of {@code etcdctl -w json}, without a line end. */
    public static String go(Message message) {
        JsonWriter json = JsonWriter.likeGo();
        writeGo(message, json);
        return json.toString();
    }

    /** As {@link #go}, as a value of a larger text. */
    public static void writeGo(Message message, JsonWriter json) {
        json.beginObject();
        fields(message, Shape.GO, json);
        json.endObject();
    }

    /**
     * As {@link #writeGo} without the braces: for answers that etcd's client flattens into an
     * object of its own.
     */
    public static void writeGoFields(Message message, JsonWriter json) {
        fields(message, Shape.GO, json);
    }

    /** The shape of the JSON gateway, without a line end. */
    public static String gateway(Message message) {
        JsonWriter json = JsonWriter.plain();
        writeGateway(message, json);
        return json.toString();
    }

    /** As {@link #gateway}, as a value of a larger text. */
    public static void writeGateway(Message message, JsonWriter json) {
        json.beginObject();
        fields(message, Shape.GATEWAY, json);
        json.endObject();
    }

    /**
     * Reads the gateway's shape: one JSON object, into a builder of the message it stands for.
     * Unknown fields are ignored, names may also be in camelCase, integers also numbers, enums also
     * numbers, base64 also of the URL kind and without padding (GW-04, GW-05, GW-24).
     *
     * @throws JsonException in protojson's words, for a text that is not such an object
     */
    public static void parseGateway(String text, Message.Builder into) throws JsonException {
        new GatewayParser(text).parse(into);
    }

    private static void fields(Message message, Shape shape, JsonWriter json) {
        Descriptor type = message.getDescriptorForType();
        List<FieldDescriptor> fields = type.getFields();
        for (int i = 0; i < fields.size(); i++) {
            FieldDescriptor field = fields.get(i);
            OneofDescriptor oneof = field.getRealContainingOneof();
            if (oneof != null && shape == Shape.GO) {
                if (oneof.getField(0) == field) {
                    goOneof(message, oneof, json);
                }
            } else if (field.isRepeated()) {
                list(message, field, shape, json);
            } else if (message.hasField(field)) {
                json.name(field.getName());
                value(field, message.getField(field), shape, json);
            }
        }
    }

    private static void list(Message message, FieldDescriptor field, Shape shape, JsonWriter json) {
        int n = message.getRepeatedFieldCount(field);
        if (n == 0) {
            return;
        }
        json.name(field.getName()).beginArray();
        for (int i = 0; i < n; i++) {
            value(field, message.getRepeatedField(field, i), shape, json);
        }
        json.endArray();
    }

    /**
     * A one-of is a Go interface without a JSON tag: an object with the Go name, in it the chosen
     * field with its Go name. The responses of a transaction etcdctl writes by a type of its own,
     * with the names of the {@code .proto} file.
     */
    private static void goOneof(Message message, OneofDescriptor oneof, JsonWriter json) {
        boolean response =
                oneof.getContainingType().getFullName().equals("etcdserverpb.ResponseOp");
        FieldDescriptor chosen = message.getOneofFieldDescriptor(oneof);
        json.name(goName(oneof.getName()));
        if (chosen == null) {
            if (response) {
                json.beginObject().endObject();
            } else {
                json.nullValue();
            }
            return;
        }
        json.beginObject();
        json.name(response ? chosen.getName() : goName(chosen.getName()));
        value(chosen, message.getField(chosen), Shape.GO, json);
        json.endObject();
    }

    private static String goName(String name) {
        StringBuilder camel = new StringBuilder(name.length());
        boolean upper = true;
        for (int i = 0; i < name.length(); i++) {
            char c = name.charAt(i);
            if (c == '_') {
                upper = true;
            } else {
                camel.append(upper ? Character.toUpperCase(c) : c);
                upper = false;
            }
        }
        return camel.toString();
    }

    private static void value(FieldDescriptor field, Object value, Shape shape, JsonWriter json) {
        switch (field.getType()) {
            case INT64, SINT64, SFIXED64 -> {
                if (shape == Shape.GO) {
                    json.value((long) value);
                } else {
                    json.value(Long.toString((long) value));
                }
            }
            case UINT64, FIXED64 -> {
                if (shape == Shape.GO) {
                    json.unsigned((long) value);
                } else {
                    json.value(Long.toUnsignedString((long) value));
                }
            }
            case INT32, SINT32, SFIXED32 -> json.value((int) value);
            case UINT32, FIXED32 -> json.value(Integer.toUnsignedLong((int) value));
            case BOOL -> json.value((boolean) value);
            case STRING -> json.value((String) value);
            case BYTES -> json.value(((ByteString) value).toByteArray());
            case ENUM -> enumeration((EnumValueDescriptor) value, shape, json);
            case MESSAGE, GROUP -> {
                json.beginObject();
                fields((Message) value, shape, json);
                json.endObject();
            }
            case DOUBLE, FLOAT ->
                    throw new IllegalArgumentException(
                            field.getFullName() + ": the API has no floating-point fields");
        }
    }

    private static void enumeration(EnumValueDescriptor value, Shape shape, JsonWriter json) {
        boolean known = value.getType().findValueByNumber(value.getNumber()) != null;
        if (shape == Shape.GO || !known) {
            json.value(value.getNumber());
        } else {
            json.value(value.getName());
        }
    }
}
