Feature: Retry queue
  What the server could not take for now is kept, sent again and bounded.

  Background:
    Given a simulation that begins at 2025-01-01T00:00:00Z

  Scenario: An event is kept after a transient failure
    Given a client with retry_initial_backoff 5
    And the server answers 503
    When "Retry Me" is captured
    And the client flushes for 1 second
    Then "Retry Me" is pending
    And 1 request was sent

  Scenario: A kept event is delivered when the server recovers
    Given a client with retry_initial_backoff 5
    And the server answers 503
    And "Retry Me" was captured, and a flush of 1 second could not deliver it
    When 10 seconds pass
    Then "Retry Me" is stored once
    And nothing is pending

  Scenario: What waits for a retry is bounded, and what gives way is said
    Given a client with max_queue_size 2 and queue_full drop_oldest
    And the server always answers 503
    When "First", "Second" and "Third" are captured
    Then 2 events are pending
    When no time passes
    Then "First" was dropped as evicted
    And a warning tells of the full queue
