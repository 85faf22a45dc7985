Feature: HTTP client
  Requests are authenticated JSON; failures never reach the caller; flags are asked for again after
  transport errors, 502 and 504 alone.

  Background:
    Given a simulation that begins at 2025-01-01T00:00:00Z

  Scenario: An ingestion request carries the key and the events as JSON
    Given a client with host https://mock.posthog.test
    When "Save" is captured
    And the client flushes
    Then the request goes to /batch/, names the api key and holds "Save"

  Scenario: A 200 is a delivery
    Given a client
    And the server answers 200
    When "Save" is captured
    And the client flushes
    Then "Save" is stored once
    And nothing is pending

  Scenario: A failure that can be retried does not throw
    Given a client with retry_initial_backoff 5
    And the server answers 503
    When "Retry Me" is captured
    And the client flushes for 1 second
    Then nothing was thrown
    And "Retry Me" is pending

  Scenario: Flags are asked for again after a request without an answer
    Given a client
    And the server does not answer 1 time, and then says that beta-ui is on
    When beta-ui is asked for
    Then 2 flag requests were sent
    And the pause before the 2nd was at least 0.3 seconds
    And beta-ui is on

  Scenario Outline: Flags are asked for again after <status>
    Given a client
    And the server answers <status>, and then says that beta-ui is on
    When beta-ui is asked for
    Then 2 flag requests were sent
    And the pause before the 2nd was at least 0.3 seconds
    And beta-ui is on

    Examples:
      | status |
      | 502    |
      | 504    |

  Scenario: Flags are not asked for again after 503
    Given a client
    And the server answers 503, and then says that beta-ui is on
    When beta-ui is asked for
    Then 1 flag request was sent
    And the answer is an error that says 503
    And nothing was thrown

  Scenario: No retries of flags where none are allowed
    Given a client with flags_max_retries 0
    And the server does not answer 1 time, and then says that beta-ui is on
    When beta-ui is asked for
    Then 1 flag request was sent

  Scenario: The pause between flag requests doubles
    Given a client with flags_max_retries 2
    And the server does not answer 2 times, and then says that beta-ui is on
    When beta-ui is asked for
    Then 3 flag requests were sent
    And the pause before the 2nd was at least 0.3 seconds
    And the pause before the 3rd was at least 0.6 seconds
    And beta-ui is on
