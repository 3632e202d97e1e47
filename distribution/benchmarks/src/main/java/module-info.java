/** The load tool. */
module io.quorate.benchmarks {
    requires io.quorate.api.proto;
}
