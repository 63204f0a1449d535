# frozen_string_literal: true

class AgentBot < ApplicationRecord; end
