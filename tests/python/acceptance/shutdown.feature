Feature: Shutdown
  A shutdown delivers what it can, and afterwards nothing happens any more.

  Background:
    Given a simulation that begins at 2025-01-01T00:00:00Z

  Scenario: A shutdown delivers what waits, and ends the work
    Given a client
    When "Save" is captured
    And the client shuts down
    Then "Save" is stored once
    And nothing is pending
    And nothing is due any more
    When "After Shutdown" is captured
    Then "After Shutdown" was refused as closed

  Scenario: A second shutdown changes nothing
    Given a client
    When the client shuts down
    And the client shuts down
    Then nothing was thrown
    And nothing is due any more

  Scenario: A shutdown that cannot deliver says so
    Given a client
    And the server always answers 503
    When "Save" is captured
    And the client shuts down
    Then nothing was thrown
    And "Save" was dropped as attempts_exhausted
    And a warning tells of the lost batch
