# frozen_string_literal: true

namespace :krayin_sync do
  namespace :backfill do
    chosen = "INBOX=4 LABEL=vip SINCE=2026-01-31 CONVERSATIONS=false MESSAGES=false choose"
    { estimate: "How much there is to bring to Krayin, and how long it takes: krayin_sync:backfill:estimate[3]; " \
                "#{chosen}",
      start: "Bring to Krayin what was there before: krayin_sync:backfill:start[3]; #{chosen}; YES=1 asks nothing",
      dry_run: "What would become of the contacts, asked of Krayin and not written: krayin_sync:backfill:dry_run[3]",
      progress: "How far a backfill is: krayin_sync:backfill:progress[3]; in a terminal until it ends, else one line",
      report: "What became of the contacts of a backfill: krayin_sync:backfill:report[3]; JSON=1 for programs, " \
              "CSV=1 as a table" }
      .each do |name, what|
      desc what
      task name, [:account] => :environment do |_task, arguments|
        KrayinSync::Chatwoot::BackfillTerminal.new(arguments[:account]).public_send(name)
      end
    end

    { pause: "Let a backfill rest; what is on its way is finished", resume: "Let a backfill go on where it was",
      cancel: "End a backfill; what it brought stays" }.each do |name, what|
      desc "#{what}: krayin_sync:backfill:#{name}[3]"
      task name, [:account] => :environment do |_task, arguments|
        KrayinSync::Chatwoot::BackfillTerminal.new(arguments[:account]).step(name)
      end
    end
  end
end
