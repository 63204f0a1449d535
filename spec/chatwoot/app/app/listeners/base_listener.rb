# frozen_string_literal: true

class BaseListener
  include Singleton
end
