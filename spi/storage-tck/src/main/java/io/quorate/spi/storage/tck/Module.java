package io.quorate.spi.storage.tck;

/** Placeholder until the module has its first type. */
public final class Module {}
