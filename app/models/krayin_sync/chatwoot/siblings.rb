# frozen_string_literal: true

module KrayinSync
  module Chatwoot
    # The Krayin hooks of an account, as one of them sees the others: each has a name of its own, and none brings over
    # what another one does.
    class Siblings
      include Opaque

      # First key of the lock under which the hooks of an account are saved, its second one being the account.
      LOCK = 0x6b72_6179
      # What an address has before the API's own path.
      PATH = %r{\A(.*?)/*(?:/api(?:/.*)?)?\z}mi
      private_constant :LOCK, :PATH

      # Until the end of the transaction no other hook of the account is saved: of two at the same moment neither would
      # see the other.
      # @param account_id [Integer]
      # @return [void]
      def self.hold(account_id)
        connection = ::ActiveRecord::Base.connection
        connection.execute("SELECT pg_advisory_xact_lock(#{LOCK}, #{Integer(account_id)})", "KrayinSync hooks")
      end

      # @param hook [Integrations::Hook] whether it has been saved or not
      def initialize(hook)
        @hook = hook
      end

      # @param settings [Hash{String => Object}] as they would be saved
      # @return [Hash{String => Object}] with a name
      # @raise [Form::Refused] where another hook has the name, or the same Krayin and token
      def check(settings)
        refuse_second(settings)
        settings.merge("name" => name(settings))
      end

      # After Krayin has answered, which may tell that it is another hook's after all.
      # @param settings [Hash{String => Object}] with what was found
      # @return [Hash{String => Object}] with what tells it from the others'
      # @raise [Form::Refused]
      def tell_apart(settings)
        instance = settings.dig("traits", "instance").to_s
        return settings if instance.empty? || settings.key?("setup_error")

        same = others.select { |other| look(instance_of(other)) == look(instance) }
        same.each { |other| refuse(other, settings) if tokens?(other.settings, settings) }
        here = same.select { |other| address(other.settings) == address(settings) }
        traits = settings["traits"].merge("instance" => own(here, same, settings))
        shares = here.map { |other| HookSettings.scope(other.settings, other.id) }.min
        settings.merge("traits" => traits, "shares_with" => shares).compact
      end

      private

      def others = @others ||= HookSettings.of_account(@hook.account_id).where.not(id: @hook.id).order(:id).to_a

      # Two that were installed from one image look alike, and are two.
      def own(here, same, settings)
        instance = settings.dig("traits", "instance")
        return instance_of(here.first) if here.any?
        return instance if same.none? { |other| instance_of(other) == instance }

        "#{look(instance)}~#{OpenSSL::Digest.hexdigest("SHA256", address(settings).join("|"))[0, 12]}"
      end

      def look(instance) = instance[/\A[^~]*/]

      def instance_of(hook) = HookSettings.instance(hook).to_s

      def refuse_second(settings)
        others.each do |other|
          refuse(other, settings) if address(other.settings) == address(settings) && tokens?(other.settings, settings)
        end
      end

      def refuse(other, settings)
        say(Reason.new("connected_twice", name: HookSettings.name(other.settings)), settings, "api_url")
      end

      def say(reason, settings, field)
        raise Form::Refused.new(reason.sentence(HookSettings.locale(settings)), field: field)
      end

      def name(settings)
        taken = others.map { |other| HookSettings.name(other.settings).downcase }
        wanted = HookSettings.name(settings)
        return wanted unless taken.include?(wanted.downcase)

        say(Reason.new("name_taken", name: wanted), settings, "name") if settings["name"].present?
        (2..).lazy.map { |number| "#{wanted} #{number}" }.find { |free| !taken.include?(free.downcase) }
      end

      # Whether both have a token in common.
      def tokens?(one, two) = tokens(one).intersect?(tokens(two))

      def tokens(settings) = settings.to_h["api_token"].to_s.split

      # However it was typed: scheme, case, port, a slash or the API's path at its end.
      def address(settings)
        uri = URI(Native.plain_address(JsonSafe.of(settings.to_h["api_url"].to_s)).to_s)
        port = uri.port == 80 ? 443 : uri.port
        [uri.host.to_s.downcase.delete_suffix("."), port, uri.path.to_s[PATH, 1]]
      rescue URI::InvalidURIError
        [settings.to_h["api_url"]]
      end
    end
  end
end
