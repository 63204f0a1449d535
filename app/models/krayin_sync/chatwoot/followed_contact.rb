# frozen_string_literal: true

module KrayinSync
  module Chatwoot
    # A contact that takes what colleagues change of its person, by the setting two_way_contact. What is taken counts as
    # sent, so that it costs nothing on its way back, and a later change of the contact's goes to Krayin.
    #
    # A visitor who says by whose address it is known gets to know nothing of a person whom it may not be: nothing is
    # written where the person was there before the contact and visitors write the contact.
    class FollowedContact
      include Opaque

      # Columns by the keys of {PersonChange}.
      COLUMNS = { "name" => "name", "email" => "email", "phone" => "phone_number",
                  "organization" => "additional_attributes" }.freeze
      # Of a company's name, in the order in which they count.
      COMPANY = %w[company_name company organization].freeze
      # Nothing is written on who is one of these.
      LEFT_ALONE = %w[doubtful skipped].freeze
      LABELS = {
        "name" => { "en" => "Name", "pt" => "Nome", "es" => "Nombre" },
        "email" => { "en" => "E-mail address", "pt" => "E-mail", "es" => "Correo electrónico" },
        "phone" => { "en" => "Phone number", "pt" => "Telefone", "es" => "Teléfono" },
        "organization" => { "en" => "Company", "pt" => "Empresa", "es" => "Empresa" }
      }.freeze
      CHANGED = { "en" => "%<name>s was changed in Krayin as well: it is %<now>s.",
                  "pt" => "%<name>s também foi mudado no Krayin: é %<now>s.",
                  "es" => "%<name>s también se cambió en Krayin: es %<now>s." }.freeze
      # Those that tell of it, so that they go with what they tell.
      TOLD = %w[field_not_taken said_by_visitors].freeze
      private_constant :LABELS, :CHANGED

      class << self
        # @param settings [Hash{String => Object}] a hook's
        # @return [String] never, fill_blanks or follow
        def policy(settings) = Settings.choice(settings, "two_way_contact") || "never"

        # @return [Array<String>] what is kept in step
        def keys(settings)
          PersonChange::KEYS - (Settings.on?(settings, "sync_to_organization") ? [] : ["organization"])
        end

        # @param link [KrayinSync::Records::Link]
        # @return [Boolean] whether nothing is to be written on its contact
        def left_alone?(link)
          link.unverified || link.kept_out || LEFT_ALONE.include?(link.state) || link.rest["doubted"].present?
        end
      end

      # @param hook [Integrations::Hook]
      # @param contact_id [Integer]
      # @param person [Hash{String => Object}] as Krayin has it
      # @param began [Time] before it was read
      def initialize(hook, contact_id, person, began:)
        @hook = hook
        @settings = hook.settings.to_h
        @contact_id = contact_id
        @person = person
        @began = began
        @not_taken = []
      end

      # @return [Symbol] :written, :same, :refused where Chatwoot does not take some of it, or :later where it is to be
      #   looked at again
      def take
        Gate.aside(@hook, @contact_id) { ::ActiveRecord::Base.transaction { settle } } || :later
      rescue ::ActiveRecord::RecordNotUnique
        # Somebody else has just been given it: the next look sees who.
        :later
      end

      private

      def settle
        @contact = ::Contact.unscoped.lock.find_by(id: @contact_id, account_id: @hook.account_id)
        @link = links.lock.first if @contact
        return :same if @link.nil? || self.class.left_alone?(@link)
        # Something of it was written since: what was read may be older than that.
        return :later if @link.updated_at >= @began

        change = change_of(@contact)
        return unchanged if change.write.empty?
        return said_by_visitors if chosen_by_visitors?

        write(change)
      end

      def links
        LinkStore.of(@hook, kind: "contact", record_id: @contact_id).where(person_id: @person["id"])
      end

      def made? = @link.rest["made"].to_a.include?("person")

      def chosen_by_visitors?
        !made? && ::Contact.unscoped.where(id: @contact_id).where(Reach::BY_COLLEAGUES).empty?
      end

      def change_of(contact)
        there = PersonChange.contact_of(@person)
        PersonChange.new(there: texts(there), entered: PersonChange.entered(there), here: texts_of(contact),
                         blank: blank(contact), sent: @link.sent.to_h, key: key, made: made?)
                    .by(self.class.policy(@settings), self.class.keys(@settings))
      end

      def key = KrayinSync.configuration.secret

      def texts_of(contact) = texts(KrayinSync::Snapshot::CONTACT.to_h { |name| [name, contact[name]] })

      def texts(record)
        country = KrayinSync.configuration.default_country
        PersonChange.texts(record, country: country || @contact.additional_attributes.to_h["country_code"].presence)
      end

      def blank(contact)
        PersonChange::KEYS.select do |name|
          case name
          when "name" then [contact.name, contact[:middle_name], contact[:last_name]].all?(&:blank?)
          when "organization" then contact.additional_attributes.to_h.values_at(*COMPANY).all?(&:blank?)
          else contact[COLUMNS[name]].blank?
          end
        end
      end

      def unchanged
        tell(nil) if TOLD.include?(@link.reason_code)
        :same
      end

      def said_by_visitors
        tell(Reason.new("said_by_visitors"))
        :same
      end

      def write(change)
        was_stale = @link.seen_at.nil? || @contact.updated_at > @link.seen_at
        taken = change.write.filter_map { |name, text| [name, tried(name, text)] if taken?(name, text) }.to_h
        taken.each { |name, tried| take_over(name, tried) }
        save_own
        keep(taken.keys, seen: !was_stale)
        tell(reason_of(change))
        tell_agents(change, taken)
        return :refused if @not_taken.any?

        taken.empty? ? :same : :written
      end

      # Whose own change is gone by it, where the contact is spoken with.
      def tell_agents(change, taken)
        line = LeadLine.new(@hook, @contact_id)
        (change.told & taken.keys).each { |name| line.say_of(CHANGED, LABELS.fetch(name), change.write[name]) }
      end

      # As Chatwoot makes it its own.
      def tried(name, text)
        (@tried ||= {})[name] ||= ::Contact.unscoped.find(@contact_id).tap do |contact|
          put(contact, name, text)
          contact.valid?
        end
      end

      # Whether Chatwoot has no objection to it: what else of the contact is not valid is nothing to this.
      def taken?(name, text)
        contact = tried(name, text)
        said = texts_of(contact)[name]
        wanted = texts(PersonChange.contact_of(@person))[name]
        good = contact.errors[COLUMNS[name]].empty? && said.any? { |own| wanted.any? { |one| own.casecmp?(one) } }
        @not_taken << name unless good
        good
      end

      def take_over(name, tried)
        columns = name == "name" ? %w[name middle_name last_name] : [COLUMNS[name]]
        columns.each { |column| @contact[column] = tried[column] }
      end

      def put(contact, name, text)
        case name
        when "name"
          contact.name = text
          contact[:middle_name] = "" if contact[:middle_name].present?
          contact[:last_name] = "" if contact[:last_name].present?
        when "organization"
          attributes = contact.additional_attributes.to_h
          used = COMPANY.find { |one| attributes[one].present? } || COMPANY.first
          contact.additional_attributes = attributes.merge(used => text)
        else
          contact[COLUMNS[name]] = text
        end
      end

      def save_own
        return unless @contact.changed?

        changes = @contact.changes.transform_values(&:last)
        OwnWrite.note(@hook.id, @contact_id, changes)
        OwnWrite.during { @contact.save!(validate: false) }
      end

      def keep(names, seen:)
        return if names.empty?

        here = texts_of(@contact)
        sent = @link.sent.to_h.merge(names.to_h { |name| [name, PersonChange.digest(here[name], key)] })
        left_out = @link.rest["left_out"].to_h.except(*names)
        rest = @link.rest.except("left_out").merge({ "left_out" => left_out.presence }.compact)
        # What was the contact's own and is still to be brought is so.
        shown = seen ? { seen_at: Time.now.utc } : {}
        @link.update!(sent: sent, rest: rest, revision: @link.revision + 1, **shown)
      end

      def reason_of(change)
        name, code = @not_taken.any? ? [@not_taken.first, "field_not_taken"] : [change.told.first, "field_kept"]
        name && Reason.new(code, entity: "person", field: name)
      end

      # Until something else is to be told.
      def tell(reason)
        return if reason.nil? && !TOLD.include?(@link.reason_code)
        return if reason && [reason.code, reason.params] == [@link.reason_code, @link.reason_params.to_h]

        @link.update!(reason_code: reason&.code, reason_params: reason ? reason.params : {})
      end
    end
  end
end
