package io.quorate.api.grpc;

/** Placeholder until the module has its first type. */
public final class Module {}
