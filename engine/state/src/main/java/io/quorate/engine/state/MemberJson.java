package io.quorate.engine.state;

import io.quorate.spi.storage.StorageException;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * A member as etcd keeps it: a JSON object with {@code id} (a number, unsigned), {@code peerURLs},
 * {@code isLearner}, {@code name} and {@code clientURLs}, the last three left out when false or
 * empty. Writes what Go's encoder writes; reads any JSON object and passes over other fields.
 */
public final class MemberJson {
    private final String text;
    private final JsonReader json;
    private boolean promotion;

    private MemberJson(String text) {
        this.text = text;
        this.json = new JsonReader(text);
    }

    public static byte[] write(Member member) {
        StringBuilder json = new StringBuilder(160);
        json.append("{\"id\":").append(Long.toUnsignedString(member.id()));
        json.append(",\"peerURLs\":");
        writeList(json, member.peerUrls());
        if (member.learner()) json.append(",\"isLearner\":true");
        if (!member.name().isEmpty()) writeText(json.append(",\"name\":"), member.name());
        if (!member.clientUrls().isEmpty())
            writeList(json.append(",\"clientURLs\":"), member.clientUrls());
        return json.append('}').toString().getBytes(StandardCharsets.UTF_8);
    }

    /**
     * @throws StorageException.Corruption when it is not such an object
     */
    public static Member read(byte[] json) {
        return new MemberJson(new String(json, StandardCharsets.UTF_8)).parsed();
    }

    private Member parsed() {
        try {
            return readMember();
        } catch (IllegalArgumentException e) {
            throw new StorageException.Corruption(
                    "keyspace members: not a member: "
                            + text
                            + "; restore this member from a snapshot or from its peers",
                    e);
        }
    }

    /**
     * The context of a promotion as etcd writes it: it names the member and says that nothing else
     * is meant.
     */
    public static byte[] writePromotion(long id) {
        return ("{\"id\":" + Long.toUnsignedString(id) + ",\"peerURLs\":null,\"isPromote\":true}")
                .getBytes(StandardCharsets.UTF_8);
    }

    /**
     * Whether the context of a membership change says that it promotes a learner.
     *
     * @throws StorageException.Corruption when it is not such an object
     */
    public static boolean isPromotion(byte[] json) {
        MemberJson reader = new MemberJson(new String(json, StandardCharsets.UTF_8));
        reader.parsed();
        return reader.promotion;
    }

    /** Members as a JSON array. */
    public static byte[] writeList(List<Member> members) {
        StringBuilder json = new StringBuilder("[");
        for (int i = 0; i < members.size(); i++) {
            if (i > 0) json.append(',');
            json.append(new String(write(members.get(i)), StandardCharsets.UTF_8));
        }
        return json.append(']').toString().getBytes(StandardCharsets.UTF_8);
    }

    /**
     * @throws StorageException.Corruption when it is not an array of such objects
     */
    public static List<Member> readList(byte[] json) {
        MemberJson reader = new MemberJson(new String(json, StandardCharsets.UTF_8));
        List<Member> members = new ArrayList<>();
        try {
            for (boolean more = reader.json.beginArray(); more; more = reader.json.moreElements())
                members.add(reader.readMember());
        } catch (IllegalArgumentException e) {
            throw new StorageException.Corruption("not a list of members: " + reader.text, e);
        }
        return members;
    }

    private static void writeList(StringBuilder json, List<String> texts) {
        json.append('[');
        for (int i = 0; i < texts.size(); i++) {
            if (i > 0) json.append(',');
            writeText(json, texts.get(i));
        }
        json.append(']');
    }

    /** A text in quotes, with the escapes of Go's encoder. */
    public static String quote(String text) {
        StringBuilder json = new StringBuilder(text.length() + 2);
        writeText(json, text);
        return json.toString();
    }

    private static void writeText(StringBuilder json, String text) {
        json.append('"');
        for (int i = 0; i < text.length(); i++) writeChar(json, text.charAt(i));
        json.append('"');
    }

    private static void writeChar(StringBuilder json, char c) {
        switch (c) {
            case '"', '\\' -> json.append('\\').append(c);
            case '\b' -> json.append("\\b");
            case '\f' -> json.append("\\f");
            case '\n' -> json.append("\\n");
            case '\r' -> json.append("\\r");
            case '\t' -> json.append("\\t");
            case '<', '>', '&', '\u2028', '\u2029' ->
                    json.append(String.format("\\u%04x", (int) c));
            default -> {
                if (c < ' ') json.append(String.format("\\u%04x", (int) c));
                else json.append(c);
            }
        }
    }

    private Member readMember() {
        long id = 0;
        String name = "";
        List<String> peerUrls = List.of();
        List<String> clientUrls = List.of();
        boolean learner = false;
        for (boolean more = json.beginObject(); more; more = json.moreFields()) {
            switch (json.name()) {
                case "id" -> id = Long.parseUnsignedLong(json.word());
                case "name" -> name = json.text();
                case "peerURLs" -> peerUrls = readTexts();
                case "clientURLs" -> clientUrls = readTexts();
                case "isLearner" -> learner = Boolean.parseBoolean(json.word());
                case "isPromote" -> promotion = Boolean.parseBoolean(json.word());
                default -> json.skip();
            }
        }
        return new Member(id, name, peerUrls, clientUrls, learner);
    }

    /** An array of texts, or null for none. */
    private List<String> readTexts() {
        if (json.kind() == JsonReader.Kind.WORD) {
            json.skip();
            return List.of();
        }
        List<String> texts = new ArrayList<>();
        for (boolean more = json.beginArray(); more; more = json.moreElements())
            texts.add(json.text());
        return texts;
    }
}
