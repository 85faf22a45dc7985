Feature: Before-send hook
  Hooks see the whole event before it is queued; they may change it or drop it, and fail closed.

  Background:
    Given a simulation that begins at 2025-01-01T00:00:00Z

  Scenario: A hook changes an event before it is queued
    Given a client whose hook sets privacy to filtered
    When "Checkout Started" is captured
    And the client flushes
    Then the stored "Checkout Started" has privacy filtered

  Scenario: A hook drops an event
    Given a client whose hook drops "Secret Event"
    When "Secret Event" is captured
    And the client flushes
    Then "Secret Event" was dropped as hook
    And no request is sent

  Scenario: A hook that throws ends the chain and drops what was changed so far
    Given a client with three hooks: one changes the event, one throws, one notes that it was called
    When "Safe Event" is captured
    Then nothing was thrown
    And "Safe Event" was dropped as hook_failed
    And the last hook was not called
    And no request is sent
    And a warning tells of the hook
