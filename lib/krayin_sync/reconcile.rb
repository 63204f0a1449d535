# frozen_string_literal: true

module KrayinSync
  # Inside Chatwoot: holds what is kept of a Krayin's persons, organizations and leads against what Krayin has, in this
  # process and to its end. What can be mended gets its event; the rest is told by links' states and reasons. What was
  # deleted in Chatwoot and never told is told.
  #
  #   KrayinSync.reconcile(hook) # => { state: "done", persons: 1200, gone: 2, changed_hands: 0, missing: 1, ... }
  #
  # @param hook [Integrations::Hook]
  # @return [Hash{Symbol => Object}] id, state (done or stopped), reason (a sentence, where it stopped), counts
  #   (persons, organizations, leads, links, contacts, gone, organizations_gone, leads_gone, own_leads_gone,
  #   changed_hands, organizations_moved, leads_moved, doubled, organizations_doubled, missing, unfinished, deleted,
  #   requests), examples (ids by what was found, the first hundred of each), started_at and finished_at
  # @raise [Error] where the connection does not work, or its Krayin is being reconciled already; the message says which
  def self.reconcile(hook) = Chatwoot::Reconcile.run(hook)
end
