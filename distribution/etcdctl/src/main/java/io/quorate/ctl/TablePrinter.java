package io.quorate.ctl;

import com.google.protobuf.Message;

import io.quorate.api.proto.MemberListResponse;
import io.quorate.cli.Table;
import io.quorate.cli.Terminal;

import java.util.List;

/** {@code -w table}: members and endpoints in frames, nothing else. */
final class TablePrinter extends Printer {
    TablePrinter(Terminal terminal) {
        super(terminal);
    }

    @Override
    void other(Message answer) {
        throw unsupported("table");
    }

    private void table(List<String> headings, List<List<String>> rows) {
        terminal.print(new Table(headings, rows).print());
    }

    @Override
    void memberList(MemberListResponse answer) {
        table(Rows.MEMBER_HEADINGS, Rows.members(answer));
    }

    @Override
    void health(List<Endpoints.Health> endpoints) {
        table(Rows.HEALTH_HEADINGS, Rows.health(endpoints));
    }

    @Override
    void status(List<Endpoints.Status> endpoints) {
        table(Rows.STATUS_HEADINGS, Rows.statuses(endpoints));
    }

    @Override
    void hashKv(List<Endpoints.HashKv> endpoints) {
        table(Rows.HASH_HEADINGS, Rows.hashes(endpoints));
    }
}
