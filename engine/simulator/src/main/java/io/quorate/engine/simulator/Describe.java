package io.quorate.engine.simulator;

import io.quorate.engine.node.MessageCodec;
import io.quorate.engine.raft.Entry;
import io.quorate.engine.raft.Message;

/** Texts for traces. */
final class Describe {
    private Describe() {}

    static String message(byte[] bytes) {
        Message message = MessageCodec.decode(bytes);
        StringBuilder text = new StringBuilder(message.type().name());
        text.append(" term ").append(message.term());
        if (message.index() != 0 || message.logTerm() != 0) {
            text.append(" at ").append(message.index()).append('/').append(message.logTerm());
        }
        if (message.commit() != 0) {
            text.append(" commit ").append(message.commit());
        }
        if (message.reject()) {
            text.append(" REJECT hint ").append(message.rejectHint());
        }
        if (!message.entries().isEmpty()) {
            Entry first = message.entries().getFirst();
            Entry last = message.entries().getLast();
            text.append(" entries ").append(first.index()).append('/').append(first.term());
            text.append("..").append(last.index()).append('/').append(last.term());
        }
        if (message.context().length > 0) {
            text.append(" ctx ").append(java.util.HexFormat.of().formatHex(message.context()));
        }
        return text.toString();
    }
}
