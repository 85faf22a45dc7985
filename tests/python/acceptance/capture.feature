Feature: Capture
  A captured event is complete: who, what, when, which one, and what belongs to every event.

  Background:
    Given a simulation that begins at 2025-01-01T00:00:00Z

  Scenario: An event carries what belongs to every event
    Given a client whose events have plan pro and $session_id session-123
    When "Signed Up" of "user-123" is captured with source ad
    And the client flushes
    Then the stored "Signed Up" belongs to "user-123"
    And the stored "Signed Up" has source ad
    And the stored "Signed Up" has plan pro
    And the stored "Signed Up" has $session_id session-123
    And the stored "Signed Up" has the time 2025-01-01T00:00:00.000Z and a uuid

  Scenario: An event belongs to the distinct_id it was captured for
    Given a client
    When "Signed Up" of "user-123" is captured with source api
    And the client flushes
    Then the stored "Signed Up" belongs to "user-123"
    And the stored "Signed Up" has source api
    And the stored "Signed Up" has some $lib
    And the stored "Signed Up" has the time 2025-01-01T00:00:00.000Z and a uuid

  Scenario: Who opted out is not captured
    Given a client
    And the user opted out
    When "Ignored Event" is captured
    And the client flushes
    Then "Ignored Event" was refused as disabled
    And no request is sent

  Scenario: One hook changes events, and later drops them
    Given a client whose hook sets filtered to yes
    When "Filtered Event" is captured
    And the client flushes
    Then the stored "Filtered Event" has filtered yes
    When the hook drops everything from now on
    And "Dropped Event" is captured
    And the client flushes
    Then "Dropped Event" was dropped as hook
    And 1 request was sent

  Scenario: An event that would leave at once is dropped where the hook throws
    Given a client with flush_at 1 whose hook throws
    When "Sensitive Event" is captured
    And 60 seconds pass
    Then nothing was thrown
    And "Sensitive Event" was dropped as hook_failed
    And no request is sent
    And a warning tells of the hook
