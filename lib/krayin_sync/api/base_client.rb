# frozen_string_literal: true

module KrayinSync
  module Api
    # Calls to a Krayin. An answer that is not a success raises a subclass of {ApiError}; GET, PUT and DELETE are
    # repeated on what may pass, a POST only where it certainly was not executed.
    #
    #   client = KrayinSync::Api::BaseClient.new("https://crm.example.com", ENV.fetch("KRAYIN_TOKEN"))
    #   client.get("settings/pipelines")["data"]
    #   client.each_record("leads", person_id: 7).map { |lead| lead["title"] }
    class BaseClient
      include Opaque

      # The seed's name for it.
      ApiError = KrayinSync::ApiError

      # Attempts of one call.
      MAX_RETRIES = 3
      # Seconds: what the wait before the second attempt is drawn below.
      INITIAL_BACKOFF = 1

      # @param api_url [String] https, any path below which the API stands; /api/v1 where there is none
      # @param api_token [String]
      # @param settings [Hash] attempt_timeout and deadline in seconds, api_dialect, and what the set-up learned; as in
      #   a hook's settings what is none of these is left alone
      # @raise [ConfigurationError]
      def initialize(api_url, api_token, **settings)
        @session = Session.new(settings.merge(api_url: api_url, api_token: api_token))
      end

      # @return [Session]
      attr_reader :session

      # @param path [String] below the API's address, ids in it: "leads/5"
      # @param params [Hash] the query
      # @return [Hash, Array] the answer's JSON
      # @raise [ApiError]
      # @raise [ArgumentError] before anything is sent
      def get(path, params = {}) = request("GET", path, nil, params)

      # Every record of a list, the oldest first, a page at a time: what is made meanwhile comes last and moves nothing.
      # @param path [String] a list's: "contacts/persons", "leads", "contacts/organizations", "activities"
      # @param params [Hash] the list's filters
      # @param page_size [Integer] records a request
      # @yieldparam record [Hash]
      # @return [Enumerator, void] without a block what goes through them
      # @raise [ApiError]
      def each_record(path, params = {}, page_size: 100, &block)
        return enum_for(:each_record, path, params, page_size: page_size) unless block

        asked = { sort: "id", order: "asc" }.merge(Arguments.hash(params, "the params"))
        (1..).each do |page|
          answer = get(path, asked.merge(page: page, limit: page_size))
          answer.fetch("data").each(&block)
          # A list without pages is whole.
          break if page >= answer.dig("meta", "last_page").to_i
        end
      end

      # @return [Hash, Array] the answer's JSON
      def post(path, body = {}, params = {}) = request("POST", path, body, params)

      # @return [Hash, Array] the answer's JSON
      def put(path, body = {}, params = {}) = request("PUT", path, body, params)

      # @return [Hash, Array, nil] the answer's JSON
      def delete(path, params = {}) = request("DELETE", path, nil, params)

      private

      def request(method, path, body, params)
        body &&= Snapshot.json(Arguments.fields(body))
        session.call(:request, method, Arguments.path(path), query(params), body)
      end

      # JSON; most calls have none.
      def query(params) = params == {} ? "[]" : JSON.generate(Arguments.params(params))

      def id!(id) = Arguments.id(id)

      def fields!(fields) = Snapshot.json(Arguments.fields(Arguments.hash(fields)))

      def text(value, name) = Arguments.text(value, name)
    end
  end
end
