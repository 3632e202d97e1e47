package io.quorate.spi.transport;

import io.quorate.spi.plugin.Plugin;
import io.quorate.spi.plugin.Stable;

/** A transport plugin, found with {@link java.util.ServiceLoader}. */
@Stable(since = "1.0")
public interface TransportProvider extends Plugin {
    /** The version of this SPI; a provider built for another major version is refused. */
    int SPI_MAJOR = 1;

    /** {@link #SPI_MAJOR} as it was when the provider was compiled. */
    int spiMajor();

    /**
     * Binds the addresses of {@link TransportEnv#listen()} and starts to accept. What comes in may
     * reach the handler before this returns. Nothing is bound or running when it throws.
     *
     * @throws TransportException for an address that cannot be bound
     * @throws IllegalArgumentException for a setting that is refused
     */
    Transport open(TransportEnv env, TransportHandler handler);
}
