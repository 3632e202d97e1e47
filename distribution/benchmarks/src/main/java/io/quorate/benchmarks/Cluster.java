package io.quorate.benchmarks;

import io.quorate.api.proto.StatusResponse;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/** Members of one server program, each in a process and folder of its own; often only one. */
final class Cluster implements AutoCloseable {
    private final Options.Server server;
    private final List<String> wrapper;
    private final List<String> flags;
    private final Path folder;
    private final List<ServerProcess.Member> members;
    private final List<ServerProcess> processes = new ArrayList<>();
    private final int bootstrapped;

    /** Starts a new cluster and waits until every member serves. */
    Cluster(Options options, Options.Server server) throws IOException {
        this(options, server, List.of(), options.members(), options.members());
    }

    /**
     * @param wrapper words before those of the server program
     * @param known members that have ports
     * @param started how many of them make up the new cluster; the others may be added to it
     */
    Cluster(Options options, Options.Server server, List<String> wrapper, int known, int started)
            throws IOException {
        this.server = server;
        this.wrapper = wrapper;
        this.flags = options.serverFlags();
        this.folder = Files.createTempDirectory(options.directory(), "benchmark-");
        this.members = ServerProcess.Member.some(known);
        this.bootstrapped = started;
        try {
            for (int i = 0; i < started; i++) processes.add(start(i));
            for (ServerProcess process : processes) process.awaitReady();
        } catch (IOException e) {
            close();
            throw e;
        }
    }

    private ServerProcess start(int index) throws IOException {
        boolean added = index >= bootstrapped;
        String cluster =
                members.subList(0, added ? index + 1 : bootstrapped).stream()
                        .map(member -> member.name() + "=" + member.peerUrl())
                        .collect(Collectors.joining(","));
        Path own = Files.createDirectories(folder.resolve(members.get(index).name()));
        return new ServerProcess(server, wrapper, flags, members.get(index), cluster, added, own);
    }

    ServerProcess.Member member(int index) {
        return members.get(index);
    }

    /** Starts the process of a member that was added to the cluster just now. */
    ServerProcess startAdded() throws IOException {
        ServerProcess process = start(processes.size());
        processes.add(process);
        return process;
    }

    /** Starts a member again whose process is gone. */
    void restart(int index) throws IOException {
        processes.set(index, start(index));
        processes.get(index).awaitReady();
    }

    ServerProcess process(int index) {
        return processes.get(index);
    }

    /** Connections to the members that the options want; there is a leader. */
    Connections connect(Options options, int connections) throws IOException {
        int leader = leader();
        if (options.target() == Options.Target.LEADER) {
            return new Connections(List.of(members.get(leader).clientPort()), connections);
        }
        return new Connections(
                members.subList(0, processes.size()).stream()
                        .map(ServerProcess.Member::clientPort)
                        .toList(),
                connections);
    }

    /** The number of the member that leads, as it says itself; waits for one. */
    int leader() throws IOException {
        for (int polls = 0; polls < 600; polls++) {
            for (int i = 0; i < processes.size(); i++) {
                if (processes.get(i).isAlive() && leads(i)) return i;
            }
            Pause.millis(100);
        }
        throw new IOException(server.name() + " has no leader");
    }

    private boolean leads(int index) throws IOException {
        try (Connections one = new Connections(members.get(index).clientPort(), 1)) {
            StatusResponse status = Calls.status(one.of(0));
            return status.getLeader() == status.getHeader().getMemberId();
        }
    }

    /** CPU time of all members. */
    long cpuNanos() throws IOException {
        long sum = 0;
        for (ServerProcess process : processes) sum += process.cpuNanos();
        return sum;
    }

    /** Resident memory of all members. */
    long residentBytes() throws IOException {
        long sum = 0;
        for (ServerProcess process : processes) sum += process.residentBytes();
        return sum;
    }

    /** The sum of the most that each member ever had. */
    long peakBytes() throws IOException {
        long sum = 0;
        for (ServerProcess process : processes) sum += process.peakBytes();
        return sum;
    }

    DiskCounters diskCounters() throws IOException {
        DiskCounters sum = DiskCounters.ZERO;
        for (ServerProcess process : processes) sum = sum.plus(process.diskCounters());
        return sum;
    }

    /** Ends all processes, not gently, as their data is removed. */
    @Override
    public void close() throws IOException {
        for (ServerProcess process : processes) process.kill();
        ServerProcess.delete(folder);
    }
}
