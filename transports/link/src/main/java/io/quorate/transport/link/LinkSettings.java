package io.quorate.transport.link;

import io.quorate.spi.plugin.Settings;

import java.time.Duration;

/**
 * What may be set about this transport; see the README of the module.
 *
 * @param connectTimeout for a connection and for its handshake, each
 * @param pingInterval between two pings
 * @param idleTimeout silence after which a connection counts as dead
 * @param backoffMin pause after the first failed attempt to connect; doubles with each further one
 * @param backoffMax longest pause
 * @param queueBytes payload that may wait for one peer
 * @param queueMessages messages that may wait for one peer
 * @param incomingMax connections that may be open from outside
 */
record LinkSettings(
        Duration connectTimeout,
        Duration pingInterval,
        Duration idleTimeout,
        Duration backoffMin,
        Duration backoffMax,
        long queueBytes,
        int queueMessages,
        int incomingMax) {

    static LinkSettings of(Settings settings) {
        Duration min = Duration.ofMillis(1);
        Duration max = Duration.ofMinutes(10);
        LinkSettings read =
                new LinkSettings(
                        settings.duration("connect-timeout", Duration.ofSeconds(2), min, max),
                        settings.duration("ping-interval", Duration.ofSeconds(1), min, max),
                        settings.duration("idle-timeout", Duration.ofSeconds(5), min, max),
                        settings.duration("backoff-min", Duration.ofMillis(50), min, max),
                        settings.duration("backoff-max", Duration.ofSeconds(1), min, max),
                        settings.bytes("queue-bytes", 64 << 20, 1 << 10, 1L << 40),
                        (int) settings.number("queue-messages", 4096, 1, 1 << 24),
                        (int) settings.number("incoming-max", 1024, 1, 1 << 20));
        settings.refuseUnknown();
        return read;
    }
}
