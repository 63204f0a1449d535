# frozen_string_literal: true

require_relative "application"

Chatwoot::Application.initialize!
