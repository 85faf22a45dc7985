Feature: Flush
  A flush sends what waits, at once, and says what became of it.

  Background:
    Given a simulation that begins at 2025-01-01T00:00:00Z

  Scenario: A flush sends what waits at once
    Given a client
    When "First" and "Second" are captured
    And the client flushes
    Then one batch arrives, with "First" and "Second"
    And nothing is pending
    And no more than 0.1 seconds have passed

  Scenario: A flush of an empty queue does nothing
    Given a client
    When the client flushes
    Then nothing was thrown
    And no request is sent

  Scenario: A flush that cannot deliver keeps the events
    Given a client with retry_initial_backoff 5
    And the server answers 503
    When "Save" is captured
    And the client flushes for 1 second
    Then nothing was thrown
    And "Save" is pending
    And the flush says that it timed out
