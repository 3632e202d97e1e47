package io.quorate.api.grpc;

/** HTTP/2 error codes; the ordinal is the number on the wire (RFC 9113 §7). */
enum ErrorCode {
    NO_ERROR,
    PROTOCOL_ERROR,
    INTERNAL_ERROR,
    FLOW_CONTROL_ERROR,
    SETTINGS_TIMEOUT,
    STREAM_CLOSED,
    FRAME_SIZE_ERROR,
    REFUSED_STREAM,
    CANCEL,
    COMPRESSION_ERROR,
    CONNECT_ERROR,
    ENHANCE_YOUR_CALM,
    INADEQUATE_SECURITY,
    HTTP_1_1_REQUIRED;

    private static final ErrorCode[] ALL = values();

    /** The name of a number on the wire, which may be one we do not know. */
    static String name(int code) {
        return code >= 0 && code < ALL.length ? ALL[code].name() : "code " + code;
    }
}
