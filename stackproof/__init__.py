"""Build, lint, prove and deploy plain CloudFormation templates."""
