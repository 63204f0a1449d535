# frozen_string_literal: true

namespace :krayin_sync do
  desc "Hold what is kept of Krayin's persons, organizations and leads against Krayin, of each connection or of one " \
       "account's: krayin_sync:reconcile[3]; JSON=1 for programs. Ends with 0, or with 1 where one could not be"
  task :reconcile, [:account] => :environment do |_task, arguments|
    hooks = KrayinSync::Chatwoot::HookSettings.hooks(arguments[:account])
    abort "There is no Krayin connection." if hooks.empty?
    whole = hooks.map do |hook|
      told = KrayinSync.reconcile(hook)
      puts(if ENV["JSON"]
             JSON.pretty_generate({ hook_id: hook.id }.merge(told))
           else
             ["#{KrayinSync::Chatwoot::HookSettings.title(hook)}:", *KrayinSync::Chatwoot::ReconcileWords.report(told)]
           end)
      told[:state] == "done"
    rescue KrayinSync::Chatwoot::Reconcile::NotPossible => e
      warn "#{KrayinSync::Chatwoot::HookSettings.title(hook)}: #{e.message}"
      false
    end
    exit(1) unless whole.all?
  end
end
