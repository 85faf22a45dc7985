Feature: Event batcher
  Events leave in batches: when enough of them wait, or when the oldest has waited long enough.

  Background:
    Given a simulation that begins at 2025-01-01T00:00:00Z

  Scenario: A batch leaves as soon as flush_at events wait
    Given a client with flush_at 2
    When "First" and "Second" are captured
    And no time passes
    Then one batch arrives, with "First" and "Second"
    And nothing is pending

  Scenario: A batch leaves when the flush interval has passed
    Given a client with flush_interval 10
    When "Delayed" is captured
    And 9.9 seconds pass
    Then no request is sent
    When 0.2 seconds pass
    Then one batch arrives, with "Delayed"

  Scenario: The events of a batch keep the order of their capture
    Given a client with flush_at 3
    When "First", "Second" and "Third" are captured
    And no time passes
    Then one batch arrives, with "First", "Second" and "Third"
