/** The one JSON mapping of the v3 API. */
module io.quorate.api.json {
    requires transitive io.quorate.api.proto;

    exports io.quorate.api.json;
}
