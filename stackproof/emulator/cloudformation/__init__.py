"""What CloudFormation does with a change set, a parameter, a stack policy and an event, where ministack does less."""
