package io.quorate.cli;

import java.util.List;
import java.util.Map;

/**
 * A command on its way: what the user typed and set, and the terminal to answer on.
 *
 * @param command the chosen command
 * @param flags its flags' values
 * @param inherited the flags among them that commands above it declare
 * @param arguments what is no flag, byte strings
 * @param commandLine all that was typed after the tool's name, byte strings
 * @param environment the process's variables
 * @param terminal where it reads and writes
 */
public record Invocation(
        Command command,
        FlagValues flags,
        List<Flag> inherited,
        List<String> arguments,
        List<String> commandLine,
        Map<String, String> environment,
        Terminal terminal) {}
