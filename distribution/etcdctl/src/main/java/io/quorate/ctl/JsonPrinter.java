package io.quorate.ctl;

import com.google.protobuf.ByteString;
import com.google.protobuf.Message;

import io.quorate.api.json.ApiJson;
import io.quorate.api.json.JsonWriter;
import io.quorate.api.proto.LeaseGrantResponse;
import io.quorate.api.proto.LeaseKeepAliveResponse;
import io.quorate.api.proto.LeaseLeasesResponse;
import io.quorate.api.proto.LeaseStatus;
import io.quorate.api.proto.LeaseTimeToLiveResponse;
import io.quorate.api.proto.Member;
import io.quorate.api.proto.MemberAddResponse;
import io.quorate.api.proto.MemberListResponse;
import io.quorate.api.proto.MemberPromoteResponse;
import io.quorate.api.proto.MemberRemoveResponse;
import io.quorate.api.proto.MemberUpdateResponse;
import io.quorate.api.proto.ResponseHeader;
import io.quorate.api.proto.WatchResponse;
import io.quorate.api.proto.mvcc.Event;
import io.quorate.cli.Bytes;
import io.quorate.cli.Terminal;

import java.util.List;
import java.util.function.Consumer;

/**
 * {@code -w json}: one line of JSON for each answer (CT-08). Leases and watches have shapes of
 * their own, which Go's client library gave them; with {@code --hex} so have members.
 */
final class JsonPrinter extends Printer {
    private final boolean hex;

    JsonPrinter(Terminal terminal, boolean hex) {
        super(terminal);
        this.hex = hex;
    }

    @Override
    void other(Message answer) {
        terminal.line(Bytes.ofText(ApiJson.go(answer)));
    }

    private void object(Consumer<JsonWriter> fields) {
        JsonWriter json = JsonWriter.likeGo().beginObject();
        fields.accept(json);
        terminal.line(Bytes.ofText(json.endObject().toString()));
    }

    @Override
    void watch(WatchResponse answer) {
        object(json -> {
            json.name("Header");
            ApiJson.writeGo(answer.getHeader(), json);
            json.name("Events");
            if (answer.getEventsCount() == 0) {
                json.nullValue();
            } else {
                json.beginArray();
                for (Event event : answer.getEventsList()) ApiJson.writeGo(event, json);
                json.endArray();
            }
            json.name("CompactRevision").value(answer.getCompactRevision());
            json.name("Canceled").value(answer.getCanceled());
            json.name("Created").value(answer.getCreated());
            json.name("CancelReason").value(answer.getCancelReason());
        });
    }

    // ---- leases: the header's fields stand beside the answer's

    @Override
    void grant(LeaseGrantResponse answer) {
        object(json -> {
            ApiJson.writeGoFields(answer.getHeader(), json);
            json.name("ID").value(answer.getID());
            json.name("TTL").value(answer.getTTL());
            json.name("Error").value(answer.getError());
        });
    }

    @Override
    void keepAlive(LeaseKeepAliveResponse answer) {
        object(json -> {
            ApiJson.writeGoFields(answer.getHeader(), json);
            json.name("ID").value(answer.getID());
            json.name("TTL").value(answer.getTTL());
        });
    }

    @Override
    void timeToLive(LeaseTimeToLiveResponse answer, boolean keys) {
        object(json -> {
            ApiJson.writeGoFields(answer.getHeader(), json);
            json.name("id").value(answer.getID());
            json.name("ttl").value(answer.getTTL());
            json.name("granted-ttl").value(answer.getGrantedTTL());
            json.name("keys");
            if (answer.getKeysCount() == 0) {
                json.nullValue();
            } else {
                json.beginArray();
                for (ByteString key : answer.getKeysList()) json.value(key.toByteArray());
                json.endArray();
            }
        });
    }

    @Override
    void leases(LeaseLeasesResponse answer) {
        object(json -> {
            ApiJson.writeGoFields(answer.getHeader(), json);
            json.name("leases").beginArray();
            for (LeaseStatus lease : answer.getLeasesList()) {
                json.beginObject().name("id").value(lease.getID()).endObject();
            }
            json.endArray();
        });
    }

    // ---- members

    @Override
    void memberList(MemberListResponse answer) {
        if (hex) hexMembers(answer.getHeader(), json -> {}, answer.getMembersList());
        else other(answer);
    }

    @Override
    void memberAdd(MemberAddResponse answer) {
        if (hex) {
            hexMembers(
                    answer.getHeader(),
                    json -> hexMember(answer.getMember(), json.name("member")),
                    answer.getMembersList());
        } else {
            other(answer);
        }
    }

    @Override
    void memberRemove(long id, MemberRemoveResponse answer) {
        if (hex) hexMembers(answer.getHeader(), json -> {}, answer.getMembersList());
        else other(answer);
    }

    @Override
    void memberUpdate(long id, MemberUpdateResponse answer) {
        if (hex) hexMembers(answer.getHeader(), json -> {}, answer.getMembersList());
        else other(answer);
    }

    @Override
    void memberPromote(long id, MemberPromoteResponse answer) {
        if (hex) hexMembers(answer.getHeader(), json -> {}, answer.getMembersList());
        else other(answer);
    }

    private void hexMembers(
            ResponseHeader header, Consumer<JsonWriter> between, List<Member> members) {
        object(json -> {
            hexHeader(header, json.name("header"));
            between.accept(json);
            json.name("members").beginArray();
            for (Member member : members) hexMember(member, json);
            json.endArray();
        });
    }

    private static void hexHeader(ResponseHeader header, JsonWriter json) {
        json.beginObject();
        json.name("cluster_id").value(Long.toHexString(header.getClusterId()));
        json.name("member_id").value(Long.toHexString(header.getMemberId()));
        if (header.getRevision() != 0) json.name("revision").value(header.getRevision());
        if (header.getRaftTerm() != 0) json.name("raft_term").unsigned(header.getRaftTerm());
        json.endObject();
    }

    private static void hexMember(Member member, JsonWriter json) {
        json.beginObject().name("ID").value(Long.toHexString(member.getID()));
        if (!member.getName().isEmpty()) json.name("name").value(member.getName());
        texts("peerURLs", member.getPeerURLsList(), json);
        texts("clientURLs", member.getClientURLsList(), json);
        if (member.getIsLearner()) json.name("isLearner").value(true);
        json.endObject();
    }

    private static void texts(String name, List<String> texts, JsonWriter json) {
        if (texts.isEmpty()) return;
        json.name(name).beginArray();
        for (String text : texts) json.value(text);
        json.endArray();
    }

    // ---- endpoints

    private <T> void array(List<T> elements, Consumer<T> write, JsonWriter json) {
        // Go prints a list that was never made as null.
        if (elements.isEmpty()) {
            json.nullValue();
        } else {
            json.beginArray();
            elements.forEach(write);
            json.endArray();
        }
        terminal.line(Bytes.ofText(json.toString()));
    }

    @Override
    void health(List<Endpoints.Health> endpoints) {
        JsonWriter json = JsonWriter.likeGo();
        array(
                endpoints,
                health -> {
                    json.beginObject();
                    json.name("endpoint").value(Bytes.toText(health.endpoint()));
                    json.name("health").value(health.health());
                    json.name("took").value(Bytes.toText(health.took()));
                    if (!health.error().isEmpty()) {
                        json.name("error").value(Bytes.toText(health.error()));
                    }
                    json.endObject();
                },
                json);
    }

    @Override
    void status(List<Endpoints.Status> endpoints) {
        JsonWriter json = JsonWriter.likeGo();
        array(
                endpoints,
                status -> member(json, status.endpoint(), "Status", status.response()),
                json);
    }

    @Override
    void hashKv(List<Endpoints.HashKv> endpoints) {
        JsonWriter json = JsonWriter.likeGo();
        array(endpoints, hash -> member(json, hash.endpoint(), "HashKV", hash.response()), json);
    }

    private static void member(JsonWriter json, String endpoint, String name, Message answer) {
        json.beginObject();
        json.name("Endpoint").value(Bytes.toText(endpoint));
        ApiJson.writeGo(answer, json.name(name));
        json.endObject();
    }
}
