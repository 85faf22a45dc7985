Feature: Capture of LLM events
  capture_ai() has a route of its own; capture() never takes it.

  Background:
    Given a simulation that begins at 2025-01-01T00:00:00Z

  Scenario: An LLM event returns its uuid and takes the AI route
    Given a client
    When the LLM event "$ai_generation" is captured with $ai_model gpt
    And the client flushes
    Then only "$ai_generation" arrives at /i/v0/ai/batch/
    And the stored "$ai_generation" has the uuid that the call returned
    And the stored "$ai_generation" has the time 2025-01-01T00:00:00.000Z and a uuid

  Scenario: Both kinds of events take their own routes
    Given a client
    When "button_clicked" is captured
    And the LLM event "$ai_generation" is captured with $ai_model gpt
    And the client flushes
    Then only "button_clicked" arrives at /batch/
    And only "$ai_generation" arrives at /i/v0/ai/batch/

  Scenario: The name of an event does not choose its route
    Given a client
    When "$ai_generation" is captured
    And the client flushes
    Then only "$ai_generation" arrives at /batch/
    And nothing arrives at /i/v0/ai/batch/
