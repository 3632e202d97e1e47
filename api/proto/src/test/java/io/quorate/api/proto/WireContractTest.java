package io.quorate.api.proto;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.google.protobuf.Descriptors.Descriptor;
import com.google.protobuf.Descriptors.EnumDescriptor;
import com.google.protobuf.Descriptors.EnumValueDescriptor;
import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.Descriptors.FileDescriptor;
import com.google.protobuf.Descriptors.MethodDescriptor;
import com.google.protobuf.Descriptors.ServiceDescriptor;
import com.google.protobuf.InvalidProtocolBufferException;

import io.quorate.api.proto.auth.Auth;
import io.quorate.api.proto.election.ElectionGrpc;
import io.quorate.api.proto.election.V3Election;
import io.quorate.api.proto.health.HealthGrpc;
import io.quorate.api.proto.internal.RaftInternal;
import io.quorate.api.proto.lease.LeaseOuterClass;
import io.quorate.api.proto.lock.LockGrpc;
import io.quorate.api.proto.lock.V3Lock;
import io.quorate.api.proto.membership.Membership;
import io.quorate.api.proto.mvcc.Kv;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Every name, number and type that travels, against {@code wire.txt}: a list of the interface of
 * etcd 3.7.1. A difference is a client that breaks.
 */
class WireContractTest {
    private static final List<FileDescriptor> FILES =
            List.of(
                    Rpc.getDescriptor(),
                    RaftInternal.getDescriptor(),
                    Kv.getDescriptor(),
                    Auth.getDescriptor(),
                    Membership.getDescriptor(),
                    LeaseOuterClass.getDescriptor(),
                    V3Lock.getDescriptor(),
                    V3Election.getDescriptor());

    @Test
    @Tag("KV-01")
    @Tag("KV-25")
    @Tag("KV-32")
    @Tag("KV-38")
    @Tag("KV-40")
    @Tag("TX-01")
    @Tag("TX-09")
    @Tag("TX-10")
    @Tag("WA-01")
    @Tag("WA-02")
    @Tag("MA-04")
    void namesNumbersAndTypesAreThoseOfEtcd() throws IOException {
        assertEquals(
                expected(),
                FILES.stream()
                        .map(WireContractTest::sections)
                        .reduce(new TreeMap<>(), WireContractTest::merge));
    }

    @Test
    @Tag("GS-01")
    void servicesHaveTheNamesThatClientsCall() {
        Set<String> names =
                Stream.of(
                                KVGrpc.getServiceDescriptor(),
                                WatchGrpc.getServiceDescriptor(),
                                LeaseGrpc.getServiceDescriptor(),
                                ClusterGrpc.getServiceDescriptor(),
                                MaintenanceGrpc.getServiceDescriptor(),
                                AuthGrpc.getServiceDescriptor(),
                                LockGrpc.getServiceDescriptor(),
                                ElectionGrpc.getServiceDescriptor(),
                                HealthGrpc.getServiceDescriptor())
                        .map(io.grpc.ServiceDescriptor::getName)
                        .collect(Collectors.toSet());
        assertEquals(
                Set.of(
                        "etcdserverpb.KV",
                        "etcdserverpb.Watch",
                        "etcdserverpb.Lease",
                        "etcdserverpb.Cluster",
                        "etcdserverpb.Maintenance",
                        "etcdserverpb.Auth",
                        "v3lockpb.Lock",
                        "v3electionpb.Election",
                        "grpc.health.v1.Health"),
                names);
    }

    /** The bytes that a Go client sends for {@code get --limit 5 a b}, field by field. */
    @Test
    @Tag("KV-01")
    void aRangeRequestIsReadFromTheBytesOnTheWire() throws InvalidProtocolBufferException {
        byte[] wire = {0x0a, 1, 'a', 0x12, 1, 'b', 0x18, 5, 0x28, 2, 0x30, 3};
        assertEquals(
                RangeRequest.newBuilder()
                        .setKey(com.google.protobuf.ByteString.copyFromUtf8("a"))
                        .setRangeEnd(com.google.protobuf.ByteString.copyFromUtf8("b"))
                        .setLimit(5)
                        .setSortOrder(RangeRequest.SortOrder.DESCEND)
                        .setSortTarget(RangeRequest.SortTarget.MOD)
                        .build(),
                RangeRequest.parseFrom(wire));
    }

    private static TreeMap<String, List<String>> expected() throws IOException {
        TreeMap<String, List<String>> sections = new TreeMap<>();
        List<String> current = new ArrayList<>();
        try (InputStream in = WireContractTest.class.getResourceAsStream("wire.txt")) {
            for (String line :
                    new String(in.readAllBytes(), StandardCharsets.UTF_8).lines().toList()) {
                if (line.startsWith("  ")) {
                    current.add(line.strip());
                } else {
                    current = new ArrayList<>();
                    sections.put(line, current);
                }
            }
        }
        return sections;
    }

    private static TreeMap<String, List<String>> merge(
            TreeMap<String, List<String>> all, TreeMap<String, List<String>> more) {
        all.putAll(more);
        return all;
    }

    private static TreeMap<String, List<String>> sections(FileDescriptor file) {
        TreeMap<String, List<String>> sections = new TreeMap<>();
        for (ServiceDescriptor service : file.getServices()) {
            sections.put("service " + service.getFullName(), methods(service));
        }
        file.getMessageTypes().forEach(message -> addMessage(message, sections));
        file.getEnumTypes().forEach(choice -> addEnum(choice, sections));
        return sections;
    }

    private static void addMessage(Descriptor message, TreeMap<String, List<String>> sections) {
        sections.put(
                "message " + message.getFullName(),
                message.getFields().stream()
                        .sorted(Comparator.comparingInt(FieldDescriptor::getNumber))
                        .map(WireContractTest::field)
                        .toList());
        message.getNestedTypes().forEach(nested -> addMessage(nested, sections));
        message.getEnumTypes().forEach(choice -> addEnum(choice, sections));
    }

    private static void addEnum(EnumDescriptor choice, TreeMap<String, List<String>> sections) {
        sections.put(
                "enum " + choice.getFullName(),
                choice.getValues().stream()
                        .sorted(Comparator.comparingInt(EnumValueDescriptor::getNumber))
                        .map(value -> value.getNumber() + " " + value.getName())
                        .toList());
    }

    private static List<String> methods(ServiceDescriptor service) {
        return service.getMethods().stream()
                .sorted(Comparator.comparing(MethodDescriptor::getName))
                .map(method ->
                        method.getName()
                                + (method.isClientStreaming() ? " stream " : " ")
                                + method.getInputType().getName()
                                + (method.isServerStreaming() ? " -> stream " : " -> ")
                                + method.getOutputType().getName())
                .toList();
    }

    private static String field(FieldDescriptor field) {
        String type =
                switch (field.getJavaType()) {
                    case MESSAGE -> field.getMessageType().getName();
                    case ENUM -> field.getEnumType().getName();
                    default -> field.getType().name().toLowerCase(java.util.Locale.ROOT);
                };
        String oneof =
                field.getContainingOneof() == null
                        ? ""
                        : " in " + field.getContainingOneof().getName();
        return field.getNumber()
                + (field.isRepeated() ? " repeated " : " ")
                + type
                + " "
                + field.getName()
                + oneof;
    }
}
