package io.quorate.engine.rest;

/** Placeholder until the module has its first type. */
public final class Module {}
