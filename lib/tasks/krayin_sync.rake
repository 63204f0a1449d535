# frozen_string_literal: true

namespace :krayin_sync do
  # A generator loads all of Chatwoot, which asks Redis; while an image is built there is none.
  desc "Write initializer and migrations, as rails generate krayin_sync:install does, where no database and Redis is"
  task :install do
    require "rails/generators"
    require "generators/krayin_sync/install/install_generator"
    KrayinSync::Generators::InstallGenerator.start([], destination_root: Rails.root.to_s)
  end

  desc "Enqueue what is not in Krayin as it is now: krayin_sync:sweep[24] looks back 24 hours"
  task :sweep, [:hours] => :environment do |_task, arguments|
    hours = Float(arguments[:hours] || KrayinSync::Chatwoot.configuration.sweep_window.fdiv(3600))
    found = KrayinSync::Chatwoot::Sweep.new(since: Time.now - (hours * 3600)).run
    puts "Enqueued: #{found.empty? ? "nothing" : found.map { |kind, count| "#{count} #{kind}" }.join(", ")}"
  end

  desc "Change settings of an account's connection: krayin_sync:settings[3,sync_messages=true,lead_source_id=Web]; " \
       "of several, of the one of a name: krayin_sync:settings[3:Sales,route_inboxes=Web]"
  task :settings, [:account] => :environment do |_task, arguments|
    hook = KrayinSync::Chatwoot::HookSettings.one(arguments[:account])
    settings = arguments.extras.to_h { |pair| pair.split("=", 2) }
    booleans = { "true" => true, "false" => false }
    hook.update!(settings: settings.transform_values { |value| booleans.fetch(value, value) })
    puts hook.app.description_for(hook)
  rescue ActiveRecord::RecordInvalid => e
    abort e.record.errors.full_messages.join(" ")
  rescue KrayinSync::ConfigurationError => e
    abort e.message
  end
end

namespace :krayin_sync do
  desc "Add the panel to the conversations of each account that has a Krayin, or of one: krayin_sync:panel[3]"
  task :panel, [:account] => :environment do |_task, arguments|
    accounts = KrayinSync::Chatwoot::HookSettings.hooks(arguments[:account]).map(&:account).uniq
    abort "There is no Krayin connection." if accounts.empty?
    accounts.each do |account|
      app = KrayinSync::Chatwoot::PanelApp.make(account)
      puts "Account #{account.id}: #{app ? app.title : "no tab: FRONTEND_URL or an administrator is missing"}"
    end
  end
end

namespace :krayin_sync do
  desc "Take a contact's data out of Krayin, by the account's and the contact's id: krayin_sync:erase[3,1234]"
  task :erase, %i[account contact] => :environment do |_task, arguments|
    hooks = KrayinSync::Chatwoot::HookSettings.hooks(arguments[:account])
    abort "There is no Krayin connection." if hooks.empty?
    contact = Integer(arguments[:contact])
    failed = hooks.reject do |hook|
      puts "#{KrayinSync::Chatwoot::HookSettings.name(hook.settings)}:" if hooks.many?
      report = KrayinSync::Chatwoot::Erasure.new(hook, contact).run
      erased = report["erased"].map { |what, count| "#{count} #{what}" }.join(", ")
      puts "Erased: #{erased.empty? ? "nothing" : erased}"
      report["left"].tally.each { |why, count| puts "#{count}x #{why}" }
    rescue KrayinSync::Error => e
      raise unless hooks.many?

      # The others' part is done all the same.
      puts e.message
    end
    abort "Run it again where it failed." if failed.any?
    puts "The contact is still in Chatwoot: delete it there too." if Contact.exists?(contact)
  end
end

namespace :krayin_sync do
  desc "Before the gem is taken out: the sweep's schedule and all jobs go, with krayin_sync:uninstall[hooks,links] " \
       "the connections and the ids too"
  task uninstall: :environment do |_task, arguments|
    also = %w[hooks links].to_h { |what| [what.to_sym, arguments.extras.include?(what)] }
    told = KrayinSync::Chatwoot::Uninstall.new.run(**also)
    puts told.map { |what, count| "#{count} #{what}" }.join(", ")
    warn "Next: take it out of Gemfile, config/initializers and db/migrate, and restart. Its tables are left."
  end
end

namespace :krayin_sync do
  desc "Move what version 0.1 kept beside the records into krayin_sync_links, as its migration does"
  task upgrade: :environment do
    puts(KrayinSync::Chatwoot::Upgrade.new.run.map { |kind, count| "#{kind}s: #{count} moved" })
  end

  desc "Before going back to version 0.1: write each record's ids where that version looks for them"
  task downgrade: :environment do
    puts(KrayinSync::Chatwoot::Downgrade.new.run.map { |kind, count| "#{kind}s: #{count} written" })
  end
end

namespace :krayin_sync do
  desc "Look at the Krayin of each connection, or of one account's: krayin_sync:doctor[3]; JSON=1 for programs. Ends " \
       "with 0 (all is well), 1 (something fails) or 3 (warnings)"
  task :doctor, [:account] => :environment do |_task, arguments|
    reports = KrayinSync::Chatwoot::HookSettings.hooks(arguments[:account]).to_h do |hook|
      settings = hook.settings.to_h
      [hook, KrayinSync::Doctor.new(*settings.values_at("api_url", "api_token"), settings: settings).report]
    end
    abort "There is no Krayin connection." if reports.empty?
    if ENV["JSON"]
      told = reports.map do |hook, report|
        { account_id: hook.account_id, hook_id: hook.id, name: KrayinSync::Chatwoot::HookSettings.name(hook.settings),
          page: KrayinSync::Chatwoot::Pages.of(hook), **JSON.parse(report.to_json) }
      end
      puts JSON.pretty_generate(told)
    else
      reports.each do |hook, report|
        puts KrayinSync::Chatwoot::HookSettings.title(hook), report.to_text(colour: $stdout.tty?),
             KrayinSync::Chatwoot::Pages.of(hook), ""
      end
    end
    worst = reports.values.map(&:exit_status)
    exit(worst.include?(1) ? 1 : worst.max)
  end
end

namespace :krayin_sync do
  namespace :mapping do
    desc "What field_mapping would do with the last fifty contacts of each connection, or of one account's: " \
         "krayin_sync:mapping:check[3]; nothing is written"
    task :check, [:account] => :environment do |_task, arguments|
      hooks = KrayinSync::Chatwoot::HookSettings.hooks(arguments[:account])
      abort "There is no Krayin connection." if hooks.empty?
      hooks.each do |hook|
        title = KrayinSync::Chatwoot::HookSettings.title(hook)
        puts "#{title}:", KrayinSync::Chatwoot::MappingCheck.new(hook).lines
      end
    end

    desc "Rows for field_mapping: what Chatwoot and Krayin call by the same name, of types that fit: " \
         "krayin_sync:mapping:suggest[3]; nothing is written"
    task :suggest, [:account] => :environment do |_task, arguments|
      hooks = KrayinSync::Chatwoot::HookSettings.hooks(arguments[:account])
      abort "There is no Krayin connection." if hooks.empty?
      hooks.each do |hook|
        rows = KrayinSync::Chatwoot::MappingSuggestion.of(hook)
        title = KrayinSync::Chatwoot::HookSettings.title(hook)
        puts "#{title}: #{rows.empty? ? "nothing that is not mapped has the same name and type" : rows.join(", ")}"
      end
    end
  end
end

namespace :krayin_sync do
  namespace :rules do
    desc "Which rules for stages have fired for a conversation, which have not and why, by its account and number as " \
         "its address has them: krayin_sync:rules:explain[3:42], or by its id: krayin_sync:rules:explain[1234]"
    task :explain, [:conversation] => :environment do |_task, arguments|
      puts KrayinSync::Chatwoot::RuleReport.new(arguments[:conversation]).lines
    rescue ArgumentError
      abort "Say which conversation: krayin_sync:rules:explain[ACCOUNT:NUMBER]."
    end
  end

  desc "Take over config/krayin_sync.yml, or another file: settings of each account's connection, such as " \
       "field_mapping and stage_rules"
  task :configure, [:file] => :environment do |_task, arguments|
    file = arguments[:file] || Rails.root.join("config/krayin_sync.yml")
    KrayinSync::Chatwoot::SettingsFile.new(file).apply.each { |line| puts line }
  rescue KrayinSync::ConfigurationError => e
    abort e.message
  end
end

namespace :krayin_sync do
  desc "Print the address that a workflow of each connection's Krayin may call to have changes seen at once"
  task :webhooks, [:account] => :environment do |_task, arguments|
    KrayinSync::Chatwoot::HookSettings.hooks(arguments[:account]).each do |hook|
      path = KrayinSync::Chatwoot::WebhookEndpoint.path(hook)
      title = KrayinSync::Chatwoot::HookSettings.title(hook)
      puts "#{title}: #{KrayinSync::Chatwoot.address}#{path}" if path
    end
  end
end
