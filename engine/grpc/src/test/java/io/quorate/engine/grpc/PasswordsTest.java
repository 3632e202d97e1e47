package io.quorate.engine.grpc;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import static java.nio.charset.StandardCharsets.US_ASCII;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import java.util.Base64;

final class PasswordsTest {
    @ParameterizedTest
    @CsvSource({"4,$2a$04$", "10,$2a$10$", "11,$2a$11$", "3,$2a$10$", "32,$2a$10$", "0,$2a$10$"})
    @Tag("SE-108")
    @Tag("FL-77")
    void aHashTellsItsCostWhichIsTenUnlessAnotherIsPossible(int cost, String prefix) {
        assertEquals(
                prefix, new String(hash(new Passwords(cost), "secret"), US_ASCII).substring(0, 7));
        assertEquals(10, ServiceSettings.DEFAULT.bcryptCost());
    }

    /** All members should use the same cost, but one that was given another is no other cluster. */
    @Test
    @Tag("SE-108")
    void aHashOfAnotherCostIsUnderstood() {
        byte[] hash = hash(new Passwords(5), "secret");
        Passwords others = new Passwords(4);
        assertTrue(others.matches("secret", hash));
        assertFalse(others.matches("Secret", hash));
    }

    private static byte[] hash(Passwords passwords, String password) {
        return Base64.getDecoder().decode(passwords.hash(password));
    }
}
