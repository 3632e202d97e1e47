/**
 * JetBrains Xodus 2.0.1, whose published jars share packages and so cannot stand on a module path,
 * as one module. The classes are the published ones, unchanged.
 */
module io.quorate.xodus {
    requires java.management;
    requires jdk.management;
    requires jdk.unsupported;
    requires kotlin.stdlib;
    requires org.slf4j;

    exports jetbrains.exodus;
    exports jetbrains.exodus.bindings;
    exports jetbrains.exodus.env;
    exports jetbrains.exodus.io;
    exports jetbrains.exodus.log;

    uses jetbrains.exodus.io.DataReaderWriterProvider;
}
