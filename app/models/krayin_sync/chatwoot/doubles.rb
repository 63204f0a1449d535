# frozen_string_literal: true

module KrayinSync
  module Chatwoot
    # Persons in Krayin that are one: of one address, or of one number and name; and organizations of one name. A
    # colleague or an import has made them, and merges them, or says which one the contact is or that they are several:
    # here they are only named.
    class Doubles
      # Groups that one statement gives.
      BATCH = 1000
      GROUPS = <<~SQL.squish
        SELECT array_to_string(persons, ',') FROM (
          SELECT DISTINCT array_agg(person_id ORDER BY person_id) AS persons FROM krayin_sync_reconcile_keys
          WHERE reconcile_id = ? GROUP BY key HAVING count(*) > 1
        ) AS found WHERE persons[1] > ? ORDER BY persons LIMIT ?
      SQL
      CODE = "doubled"
      private_constant :GROUPS, :CODE

      Link = KrayinSync::Records::Link
      private_constant :Link

      # @param run [Reconcile]
      def initialize(run)
        @run = run
      end

      # Keeps what persons or organizations of a page are known by.
      # @param rows [Hash{Integer => Array<String>}] by their ids
      # @return [void]
      def keep(rows)
        keys = rows.flat_map do |id, all|
          all.map { |key| { reconcile_id: @run.id, key: [key].pack("H*").unpack1("q>"), person_id: id } }
        end
        Reconcile::Key.insert_all(keys) unless keys.empty?
      end

      # Once all that are one by them were told.
      # @return [void]
      def forget_keys = Reconcile::Key.where(reconcile_id: @run.id).delete_all

      # The next ones that are one.
      # @param after [Integer] the first of the group before
      # @return [Array(Array<Array<Integer>>, Integer)] their ids, and where to go on, nothing where there are no more
      def next_groups(after)
        groups = groups(after)
        [groups, groups.last&.first]
      end

      # The next persons that are one, said with the links of their contacts.
      # @param after [Integer] the first person of the group before
      # @return [Array(Array<Array<Integer>>, Integer)] ids of the persons of each group, but for those that somebody
      #   has said to be several; and where to go on, nothing where there are no more
      def tell_next(after)
        forget if after.zero?
        groups, last = next_groups(after)
        undecided = groups - decided(groups)
        undecided.each { |persons| tell(persons) }
        [undecided, last]
      end

      private

      def groups(after)
        statement = Link.sanitize_sql_array([GROUPS, @run.id, after, BATCH])
        found = Link.connection.select_values(statement).map { |ids| ids.split(",").map(&:to_i) }
        return found if found.size < BATCH

        # Of the last person there may be more.
        whole = found.reject { |group| group.first == found.last.first }
        whole.empty? ? found : whole
      end

      def links = Link.where(instance: @run.instance, kind: "contact")

      def decided(groups)
        said = links.where(person_id: groups.flatten.uniq).where("rest -> 'decision' ->> 'another' IS NOT NULL")
                    .pluck(Arel.sql("rest -> 'decision' ->> 'another'")).map { |ids| JSON.parse(ids) }
        groups.select { |group| said.any? { |others| (group - others).empty? } }
      end

      # What is in step but for that.
      def tell(persons)
        said = { state: "doubtful", reason_code: CODE, reason_params: { persons: persons } }
        links.where(person_id: persons, state: "synced", attempts: 0).update_all(said)
      end

      # Whom a colleague has merged meanwhile is found no more.
      def forget
        links.where(state: "doubtful", reason_code: CODE)
             .update_all(state: "synced", reason_code: nil, reason_params: {})
      end
    end
  end
end
