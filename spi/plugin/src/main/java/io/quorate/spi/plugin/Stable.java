package io.quorate.spi.plugin;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * A promise to plugins: within one major version of the SPI nothing is removed or renamed, and new
 * methods arrive as defaults.
 */
@Documented
@Retention(RetentionPolicy.CLASS)
@Target(ElementType.TYPE)
public @interface Stable {
    /** The SPI version that brought it, such as {@code 1.0}. */
    String since();
}
