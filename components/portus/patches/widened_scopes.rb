# frozen_string_literal: true

# Portus 2.0 to 2.5 asks its policies about less than it grants: with "*" first only "all?" is asked (in 2.0 the
# answer is not even heard), with anything but "*" first nothing is asked about a scope of type "registry", and what is
# left in the list then stands in the token. Here every action that a token grants was asked about, and "*", by which
# the registry understands everything, needs the right to everything.
#
# Source: SUSE/Portus app/models/namespace/auth_scope.rb, app/models/registry/auth_scope.rb,
# app/controllers/api/v2/tokens_controller.rb (authorize_scopes, scope_handler) at 2.0.5 to v2.5.

module PortusStackWidenedScopes
  NAMESPACE_QUERIES = {
    "pull" => [:pull?], "push" => [:push?], "delete" => [:delete?], "*" => %i[pull? push? all?]
  }.freeze
  CATALOG_QUERIES = { "*" => [:all?] }.freeze
  PART = /[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*/.freeze
  # The registry's own grammar (distribution reference/regexp.go): nothing else can be the name of a repository.
  REPOSITORY = %r{\A#{PART}(?:/#{PART})*\z}.freeze

  def self.missing
    controller = "Api::V2::TokensController".safe_constantize
    return ["Api::V2::TokensController"] unless controller

    absent = %w[Namespace::AuthScope Registry::AuthScope NamespacePolicy RegistryPolicy].reject(&:safe_constantize)
    has_handler = controller.private_method_defined?(:scope_handler)
    has_handler &&= controller.instance_method(:scope_handler).arity == 2
    absent << "Api::V2::TokensController#scope_handler(registry, scope)" unless has_handler
    absent
  end

  private

  # What it hands on as still to be judged is empty: everything was judged here.
  def scope_handler(registry, scope_string)
    auth_scope, = super
    asked = (auth_scope.actions || []).uniq
    auth_scope.actions = asked.select { |action| portus_stack_allowed?(auth_scope, action) }
    [auth_scope, []]
  end

  def portus_stack_allowed?(auth_scope, action)
    queries = portus_stack_queries(auth_scope)[action]
    return false unless queries

    resource = auth_scope.resource
    queries.all? { |query| authorize(resource, query) }
  rescue NoMethodError, Pundit::NotAuthorizedError, Portus::AuthScope::ResourceNotFound => e
    logger.debug "#{action} of #{auth_scope.resource_name} is refused: #{e.message}"
    false
  end

  # The database finds names without regard to case, accents and spaces at the end: the grammar has none of these.
  def portus_stack_queries(auth_scope)
    case auth_scope
    when Namespace::AuthScope then auth_scope.resource_name =~ REPOSITORY ? NAMESPACE_QUERIES : {}
    when Registry::AuthScope then auth_scope.resource_name == "catalog" ? CATALOG_QUERIES : {}
    else {}
    end
  end
end

Rails.application.config.to_prepare do
  missing = PortusStackWidenedScopes.missing
  if missing.empty?
    Api::V2::TokensController.send(:prepend, PortusStackWidenedScopes)
    $stderr.puts "portus-stack: patch widened_scopes is on"
  else
    $stderr.puts "portus-stack: patch widened_scopes does not fit this Portus: #{missing.join(", ")}"
  end
end
